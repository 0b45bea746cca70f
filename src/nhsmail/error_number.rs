//! The numbers that AD FS and Entra give their errors, and what they mean.
//!
//! They stand in `StatusMessage`, a text of the provider's that anybody could have written and that
//! may name the person. Only a number of this list is taken from it, and the meaning is told in
//! words of our own. Microsoft may change the numbers: nothing is decided by them.

/// So much of a message is looked at.
const MAX_MESSAGE: usize = 1024;
/// The most digits of a number.
const MAX_DIGITS: usize = 8;

/// An error number of a Microsoft product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorNumber {
    /// The number, with the letters before it.
    pub number: &'static str,
    /// What it means, and who can mend it.
    pub meaning: &'static str,
}

const fn known(number: &'static str, meaning: &'static str) -> ErrorNumber {
    ErrorNumber { number, meaning }
}

const NOT_REGISTERED: &str =
    "The application is not registered at the provider under the name that it gives itself.";
const PASSWORD: &str = "The account is locked or disabled, or its password is wrong or expired.";
const FACTOR: &str = "A second factor or a managed device is needed, or a policy blocks access.";
const NO_ACCOUNT: &str = "The account is not known to the provider.";
const METHOD: &str = "The request asked for a method of signing in that this person did not use.";
const LOGOUT: &str = "The provider does not know the session that was to end.";

const KNOWN: &[ErrorNumber] = &[
    known("MSIS1014", "Log-out messages must be signed."),
    known("MSIS1016", "The request must be signed, or is signed by another algorithm."),
    known("MSIS7007", NOT_REGISTERED),
    known("MSIS7012", "The provider could not handle the request. Its own log says why."),
    known("MSIS7042", "The browser was sent to the provider too often within a short time."),
    known("MSIS7054", "The log-out was not completed."),
    known("MSIS7070", "No claim rule issues the NameID that was asked for, or it has no value."),
    known("MSIS7074", "The issuer of the request has qualifiers, which it must not have."),
    known("MSIS7084", "Log-out messages must be signed."),
    known("MSIS7102", METHOD),
    known("AADSTS50011", "The reply URL is not registered for the application."),
    known("AADSTS50020", NO_ACCOUNT),
    known("AADSTS50034", NO_ACCOUNT),
    known("AADSTS50053", PASSWORD),
    known("AADSTS50055", PASSWORD),
    known("AADSTS50057", PASSWORD),
    known("AADSTS50068", LOGOUT),
    known("AADSTS50070", LOGOUT),
    known("AADSTS50071", "The request to log out came too late."),
    known("AADSTS50074", FACTOR),
    known("AADSTS50076", FACTOR),
    known("AADSTS50079", FACTOR),
    known("AADSTS50105", "The person is not assigned to the application."),
    known("AADSTS50126", PASSWORD),
    known("AADSTS53003", FACTOR),
    known("AADSTS530004", FACTOR),
    known("AADSTS501241", "The attribute that the NameID comes from has no value."),
    known("AADSTS65005", "The application is set up wrongly; often its identifier differs."),
    known("AADSTS650056", "The application is set up wrongly, or nobody consented to it."),
    known("AADSTS700011", NOT_REGISTERED),
    known("AADSTS700016", NOT_REGISTERED),
    known("AADSTS75003", "The request wants the answer in another way than by POST."),
    known("AADSTS75005", "What arrived at the provider is no valid SAML request."),
    known("AADSTS750054", "The request did not arrive at the provider."),
    known("AADSTS75008", "The request is addressed to somewhere else."),
    known("AADSTS75011", METHOD),
    known("AADSTS75016", "The request asks for a NameID format that the provider does not have."),
    known("AADSTS7500529", "The request's ID begins with a digit."),
    known("AADSTS76021", "The request must be signed."),
    known("AADSTS76026", "The request is too old."),
];

impl ErrorNumber {
    /// The first number in `message` that is known.
    pub fn find(message: &str) -> Option<&'static Self> {
        let mut end = message.len().min(MAX_MESSAGE);
        while !message.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let head = message.get(..end)?;
        // Whatever is neither letter nor digit parts words.
        head.split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() <= "AADSTS".len().saturating_add(MAX_DIGITS))
            .find_map(|word| KNOWN.iter().find(|known| known.number == word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(message: &str) -> Option<&'static str> {
        ErrorNumber::find(message).map(|known| known.number)
    }

    #[test]
    fn a_known_number_is_found_wherever_it_stands() {
        assert_eq!(number("MSIS7070: The SAML request contained a NameIDPolicy"), Some("MSIS7070"));
        assert_eq!(number("Error (AADSTS50105): ward.nurse"), Some("AADSTS50105"));
        assert_eq!(number("MSIS9999 MSIS7102"), Some("MSIS7102"));
    }

    #[test]
    fn nothing_else_is() {
        for message in ["", "MSIS", "MSIS70701", "XMSIS7070", "msis7070", "AADSTS5010", "7070"] {
            assert_eq!(number(message), None, "{message}");
        }
        let late = format!("{}é MSIS7070", "é".repeat(MAX_MESSAGE));
        assert_eq!(number(&late), None, "so much is not read");
    }

    #[test]
    fn no_number_is_twice_in_the_list() {
        for (at, known) in KNOWN.iter().enumerate() {
            assert!(KNOWN.iter().skip(at + 1).all(|other| other.number != known.number));
        }
    }
}
