/// What goes wrong in the next response, or that nothing does.
///
/// The names are shared with whoever tests a service provider: as data, never as the judgement of
/// one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scenario {
    /// Nothing goes wrong.
    #[default]
    Usual,
    /// No evidence of a second factor.
    MfaMissing,
    /// The person signed in last week and was not asked again.
    OldSignIn,
    /// The clock of the identity provider is a minute ahead.
    ClockMinuteAhead,
    /// The clock of the identity provider is a minute behind.
    ClockMinuteBehind,
    /// The person takes their time: half a minute, or as long as was asked for. Whoever answers without a
    /// browser does not wait.
    SlowSignIn,
    /// Nothing yet: when the identity provider later signs the person out, it first names another
    /// session of theirs.
    LogoutOtherSession,
    /// The identity provider says no and keeps the reason to itself.
    RefusedByIdp,
    /// The person chose "Cancel".
    UserCancels,
    /// No `InResponseTo`: nobody asked.
    Unsolicited,
    /// The answer to another request.
    OtherRequest,
    /// For another service provider.
    WrongAudience,
    /// For another address, in the confirmation alone.
    WrongRecipient,
    /// For another address, in the response alone.
    WrongDestination,
    /// From another identity provider, signed by this one.
    WrongIssuer,
    /// Issued two hours ago.
    Expired,
    /// Issued two hours from now.
    NotYetValid,
    /// The response before this one, once more.
    Replayed,
    /// Two honest answers to the same request, each signed and with IDs of its own.
    TwoResponses,
    /// No signature.
    Unsigned,
    /// Signed by a key that nobody has heard of.
    UnknownKey,
    /// Signed by the key that is announced, or by a new one when none is.
    NextKey,
    /// Changed after it was signed.
    ChangedAfterSigning,
    /// A comment cuts the `NameID` in two.
    CommentInNameId,
    /// A document type with an entity.
    DocumentType,
    /// Some megabytes.
    Oversized,
    /// Two assertions.
    TwoAssertions,
    /// An assertion in the clear and an encrypted one.
    BothKinds,
    /// Encrypted to a key that is not the service provider's.
    WrongEncryptionKey,
    /// Signature wrapping: a forged response, the signed one in its signature.
    Xsw1,
    /// Signature wrapping: a forged response, the signed one in front of its signature.
    Xsw2,
    /// Signature wrapping: a forged assertion in front of the signed one.
    Xsw3,
    /// Signature wrapping: a forged assertion around the signed one.
    Xsw4,
    /// Signature wrapping: a forged assertion with the signature, the signed one at the end.
    Xsw5,
    /// Signature wrapping: a forged assertion, the signed one in its signature.
    Xsw6,
    /// Signature wrapping: the signed assertion in `Extensions`.
    Xsw7,
    /// Signature wrapping: the signed assertion in an `Object` of the signature.
    Xsw8,
}

/// What a service provider is expected to make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// The person is signed in.
    SignedIn,
    /// It depends on what the service provider demands.
    Depends,
    /// Nobody is signed in. The sender is honest and something went wrong.
    Failure,
    /// Nobody is signed in, or else anybody could be.
    Refusal,
}

impl Expected {
    /// The word for it in the admin interface.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::Depends => "depends",
            Self::Failure => "failure",
            Self::Refusal => "refusal",
        }
    }
}

type Row = (Scenario, &'static str, Expected, &'static str);

const TABLE: [Row; 37] = {
    use Expected::{Depends, Failure, Refusal, SignedIn};
    [
        (Scenario::Usual, "usual", SignedIn, "Nothing goes wrong"),
        (Scenario::MfaMissing, "mfa-missing", Depends, "No evidence of a second factor"),
        (Scenario::OldSignIn, "old-sign-in", SignedIn, "Signed in last week, not asked again"),
        (Scenario::ClockMinuteAhead, "clock-minute-ahead", SignedIn, "Clock a minute ahead"),
        (Scenario::ClockMinuteBehind, "clock-minute-behind", SignedIn, "Clock a minute behind"),
        (Scenario::SlowSignIn, "slow-sign-in", SignedIn, "The person takes half a minute"),
        (
            Scenario::LogoutOtherSession,
            "logout-other-session",
            SignedIn,
            "Signs in; the log-out from here names another session first",
        ),
        (Scenario::RefusedByIdp, "refused-by-idp", Failure, "The identity provider says no"),
        (Scenario::UserCancels, "user-cancels", Failure, "The person cancels"),
        (Scenario::Unsolicited, "unsolicited", Depends, "A response that nobody asked for"),
        (Scenario::OtherRequest, "other-request", Refusal, "The answer to another request"),
        (Scenario::WrongAudience, "wrong-audience", Refusal, "For another service provider"),
        (Scenario::WrongRecipient, "wrong-recipient", Refusal, "Confirmed for another address"),
        (Scenario::WrongDestination, "wrong-destination", Refusal, "Sent to another address"),
        (Scenario::WrongIssuer, "wrong-issuer", Refusal, "From another identity provider"),
        (Scenario::Expired, "expired", Refusal, "Issued two hours ago"),
        (Scenario::NotYetValid, "not-yet-valid", Refusal, "Issued two hours from now"),
        (Scenario::Replayed, "replayed", Refusal, "The last response once more"),
        (Scenario::TwoResponses, "two-responses", Refusal, "Two answers to the same request"),
        (Scenario::Unsigned, "unsigned", Refusal, "Without any signature"),
        (Scenario::UnknownKey, "unknown-key", Refusal, "Signed by a key of nobody's"),
        (Scenario::NextKey, "next-key", Depends, "Signed by the next key (rollover)"),
        (Scenario::ChangedAfterSigning, "changed", Refusal, "Changed after it was signed"),
        (Scenario::CommentInNameId, "comment-in-name-id", Refusal, "A comment in the NameID"),
        (Scenario::DocumentType, "document-type", Refusal, "A document type with an entity"),
        (Scenario::Oversized, "oversized", Refusal, "Some megabytes long"),
        (Scenario::TwoAssertions, "two-assertions", Refusal, "Two signed assertions"),
        (Scenario::BothKinds, "both-kinds", Refusal, "One assertion clear, one encrypted"),
        (Scenario::WrongEncryptionKey, "wrong-encryption-key", Refusal, "Encrypted to another"),
        (Scenario::Xsw1, "xsw-1", Refusal, "Wrapping: the signed response in the signature"),
        (Scenario::Xsw2, "xsw-2", Refusal, "Wrapping: the signed response before the signature"),
        (Scenario::Xsw3, "xsw-3", Refusal, "Wrapping: a forged assertion first"),
        (Scenario::Xsw4, "xsw-4", Refusal, "Wrapping: a forged assertion around"),
        (Scenario::Xsw5, "xsw-5", Refusal, "Wrapping: the signed assertion at the end"),
        (Scenario::Xsw6, "xsw-6", Refusal, "Wrapping: the signed assertion in the signature"),
        (Scenario::Xsw7, "xsw-7", Refusal, "Wrapping: the signed assertion in Extensions"),
        (Scenario::Xsw8, "xsw-8", Refusal, "Wrapping: the signed assertion in an Object"),
    ]
};

impl Scenario {
    /// All of them, in the order of the list on the sign-in page.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.0 == self)
    }

    /// The word for it in addresses and in the admin interface.
    pub fn word(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    /// The scenario of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == word).map(|row| row.0)
    }

    /// A line for people.
    pub fn title(self) -> &'static str {
        self.row().map_or("", |row| row.3)
    }

    /// What a service provider is expected to make of it.
    pub fn expected(self) -> Expected {
        self.row().map_or(Expected::Refusal, |row| row.2)
    }
}
