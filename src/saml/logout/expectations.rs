use chrono::{DateTime, TimeDelta, Utc};

use super::rejection::{LogoutRejection, LogoutTime};
use crate::saml::entity_id::EntityId;
use crate::saml::names::{ASSERTION, FORMAT_ENTITY, VERSION};
use crate::saml::time::{ClockSkew, parse_instant};
use crate::xml::{Node, is_ncname};

/// What a log-out message must agree with. All of it comes from configuration.
#[derive(Clone, Debug)]
pub struct LogoutExpectations {
    /// The identity provider.
    pub idp: EntityId,
    /// Where log-out messages have to be sent to, byte for byte.
    pub slo_url: String,
    /// How far the clocks may differ.
    pub clock_skew: ClockSkew,
}

/// A message by a browser takes seconds. From then on it is old, whatever else it says.
const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

const ENTRA_NAME: &str = "https://sts.windows.net/";
const ENTRA_LOGOUT_NAME: &str = "https://login.microsoftonline.com/";

/// Whether a log-out message of `issuer` is one of `idp`. Entra calls itself otherwise there than in
/// its metadata, and then the tenant must be the same.
pub(crate) fn is_issuer_of_logout(issuer: &str, idp: &EntityId) -> bool {
    let tenant = |name: &'static str, url: &str| {
        let tenant = url.strip_prefix(name)?.strip_suffix('/')?;
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        (!tenant.is_empty() && tenant.bytes().all(is_plain)).then(|| tenant.to_owned())
    };
    let other_name = || {
        let own = tenant(ENTRA_NAME, idp.as_str())?;
        Some(tenant(ENTRA_LOGOUT_NAME, issuer)? == own)
    };
    issuer == idp.as_str() || other_name() == Some(true)
}

impl LogoutExpectations {
    /// `ID`, `Version`, `Destination` and the issuer (Core 3.2.1, 3.2.2; Bindings 3.4.5.2, 3.5.5.2).
    pub(super) fn check_root(&self, root: Node<'_>) -> Result<(), LogoutRejection> {
        if !root.attribute("ID").is_some_and(is_ncname) {
            return Err(LogoutRejection::Id);
        }
        let version = root.required_attribute("Version")?;
        if version != VERSION {
            return Err(LogoutRejection::Version { found: version.to_owned() });
        }
        let destination = root.attribute("Destination");
        if destination != Some(&self.slo_url) {
            return Err(LogoutRejection::Destination {
                expected: self.slo_url.clone(),
                found: destination.map(str::to_owned),
            });
        }
        let issuer = root.elements().next().filter(|n| n.is(ASSERTION, "Issuer"));
        let found = issuer.map(Node::value).transpose()?;
        let is_plain = issuer.is_some_and(|node| {
            node.attributes()
                .all(|a| a.namespace.is_empty() && a.local == "Format" && a.value == FORMAT_ENTITY)
        });
        if is_plain && found.is_some_and(|name| is_issuer_of_logout(name, &self.idp)) {
            return Ok(());
        }
        let (expected, found) = (self.idp.to_string(), found.map(str::to_owned));
        Err(LogoutRejection::Issuer { expected, found })
    }

    /// `IssueInstant`: neither in the future nor long ago. Returns the time from which on the
    /// message is too old, tolerance for clocks not included.
    pub(super) fn check_age(
        &self,
        root: Node<'_>,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, LogoutRejection> {
        root.required_attribute("IssueInstant")?;
        let bound = LogoutTime::IssueInstant;
        let issued = instant(root, "IssueInstant", bound)?.unwrap_or(DateTime::<Utc>::MIN_UTC);
        let skew_seconds = self.clock_skew.as_delta().num_seconds();
        if self.clock_skew.is_too_early(now, issued) {
            return Err(LogoutRejection::NotYetValid { at: issued, now, skew_seconds });
        }
        let end = issued.checked_add_signed(MAX_AGE).unwrap_or(issued);
        if self.clock_skew.is_too_late(now, end) {
            return Err(LogoutRejection::Expired { bound, at: issued, now, skew_seconds });
        }
        Ok(end)
    }
}

pub(super) fn instant(
    node: Node<'_>,
    name: &str,
    bound: LogoutTime,
) -> Result<Option<DateTime<Utc>>, LogoutRejection> {
    let Some(text) = node.attribute(name) else { return Ok(None) };
    let malformed = || LogoutRejection::Time { bound, found: text.to_owned() };
    parse_instant(text).map(Some).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slo_entra_has_two_names() {
        let idp = |name: &str| EntityId::new(name).unwrap();
        let tenant = "37c354b2-85b0-47f5-b222-07b48d774ee3";
        let entra = idp(&format!("https://sts.windows.net/{tenant}/"));
        let login = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/");
        assert!(is_issuer_of_logout(entra.as_str(), &entra));
        assert!(is_issuer_of_logout(&login(tenant), &entra));
        for other in [
            login("37c354b2-85b0-47f5-b222-07b48d774ee4"),
            login(&tenant.to_uppercase()),
            login(""),
            login("common"),
            login(&format!("{tenant}/x")),
            format!("https://login.microsoftonline.com/{tenant}"),
            format!("http://login.microsoftonline.com/{tenant}/"),
            format!("https://sts.windows.net/{tenant}"),
            String::new(),
        ] {
            assert!(!is_issuer_of_logout(&other, &entra), "{other}");
        }
        assert!(!is_issuer_of_logout(&login(tenant), &idp("https://fs.example/adfs")));
        // Neither the other way round, nor for a provider that is so called in its metadata.
        assert!(!is_issuer_of_logout(entra.as_str(), &idp(&login(tenant))));
        assert!(!is_issuer_of_logout(&login(""), &idp("https://sts.windows.net//")));
    }
}
