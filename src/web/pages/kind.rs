//! Which pages there are.

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident $code:literal;)*) => {
        /// Which page it is. New ones may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum PageKind { $($(#[doc = $doc])* $name),* }

        impl PageKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable name of the page.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

kinds! {
    /// What arrived is no SAML message.
    NotAMessage "not_a_message";
    /// A response was refused.
    Refused "refused";
    /// The identity provider said no.
    IdpSaidNo "idp_said_no";
    /// This browser has no open sign-in.
    NoPendingLogin "no_pending_login";
    /// A response was used before.
    Replayed "replayed";
    /// A response was used before in this browser, and the person has been signed out since.
    SignInOver "sign_in_over";
    /// Something on our side does not work.
    Unavailable "unavailable";
    /// Too much was sent.
    TooLarge "too_large";
    /// It was sent in another form than a form.
    WrongType "wrong_type";
    /// The address takes another method.
    WrongMethod "wrong_method";
    /// One sign-in follows another.
    Repeating "repeating";
    /// The same, because the session cookie does not come back.
    CookieLost "cookie_lost";
    /// The same, because the session is not known here.
    SessionUnknown "session_unknown";
    /// There are more sign-ins than can be dealt with at once.
    Busy "busy";
    /// There is no metadata to sign anybody in by.
    NotReady "not_ready";
    /// The page is for others.
    Forbidden "forbidden";
    /// The sign-in gives no evidence of a second factor, and was asked for it.
    MfaMissing "mfa_missing";
    /// The sign-in is an old one, and a fresh one was asked for.
    NotFresh "not_fresh";
    /// What arrived is no log-out message.
    NotALogout "not_a_logout";
    /// A log-out message was refused.
    LogoutRefused "logout_refused";
    /// This browser has no open log-out.
    NoPendingLogout "no_pending_logout";
    /// Posts a request to the identity provider by itself.
    SigningIn "signing_in";
    /// Where people choose an identity provider.
    ChooseIdp "choose_idp";
    /// Asks whether to sign in, where that began at the identity provider.
    Confirm "confirm";
    /// In the place of a page for which nobody is signed in, when it is not simply visited.
    SessionEnded "session_ended";
    /// In the place of a page for which the sign-in is too old or too weak, when it is not simply
    /// visited.
    StepUp "step_up";
    /// The same, when what was sent is kept.
    FormKept "form_kept";
    /// A form that was kept, for its sender to send.
    Resume "resume";
    /// Within another page, when nobody is signed in or the sign-in does not do: it leads the whole window to the sign-in.
    BreakOut "break_out";
    /// The session is locked.
    Locked "locked";
    /// Somebody else has signed in than the one whose session is locked.
    LockedByOther "locked_by_other";
    /// A page was opened by one person, and another one has signed in.
    Handover "handover";
    /// What was sent comes from a page of somebody else.
    NotYourPage "not_your_page";
    /// The question before signing out.
    AskLogout "ask_logout";
    /// Goes on to the identity provider with a log-out message.
    SigningOut "signing_out";
    /// Posts a log-out message to the identity provider by itself.
    PostLogout "post_logout";
    /// Somebody is signed out.
    SignedOut "signed_out";
}
