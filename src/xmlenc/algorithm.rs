use crate::crypto::{Oaep, OaepHash};

const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

/// How the content key is encrypted (XML Encryption 1.1 section 5.5.2). Both ways are RSAES-OAEP;
/// there is no value for PKCS#1 v1.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyTransport {
    /// `rsa-oaep-mgf1p`: MGF1 with SHA-1, whatever the digest is.
    OaepMgf1p {
        /// `DigestMethod`.
        digest: OaepHash,
    },
    /// `rsa-oaep` of version 1.1, which names both hashes.
    Oaep {
        /// `DigestMethod`.
        digest: OaepHash,
        /// `MGF`.
        mgf1: OaepHash,
    },
}

impl KeyTransport {
    /// Every one, the most common first.
    pub const ALL: [Self; 6] = [
        Self::OaepMgf1p { digest: OaepHash::Sha1 },
        Self::OaepMgf1p { digest: OaepHash::Sha256 },
        Self::Oaep { digest: OaepHash::Sha256, mgf1: OaepHash::Sha256 },
        Self::Oaep { digest: OaepHash::Sha256, mgf1: OaepHash::Sha1 },
        Self::Oaep { digest: OaepHash::Sha1, mgf1: OaepHash::Sha256 },
        Self::Oaep { digest: OaepHash::Sha1, mgf1: OaepHash::Sha1 },
    ];

    /// The way that a URI names, compared byte for byte, with the hashes that count when none is
    /// written; or `None` when it is not allowed.
    pub(super) fn from_uri(uri: &str) -> Option<Self> {
        match uri {
            OAEP_MGF1P => Some(Self::OaepMgf1p { digest: OaepHash::Sha1 }),
            OAEP => Some(Self::Oaep { digest: OaepHash::Sha1, mgf1: OaepHash::Sha1 }),
            _ => None,
        }
    }

    /// The algorithm's identifier.
    pub fn uri(self) -> &'static str {
        match self {
            Self::OaepMgf1p { .. } => OAEP_MGF1P,
            Self::Oaep { .. } => OAEP,
        }
    }

    /// The parameters of RSAES-OAEP.
    pub fn oaep(self) -> Oaep {
        match self {
            Self::OaepMgf1p { digest } => Oaep { digest, mgf1: OaepHash::Sha1 },
            Self::Oaep { digest, mgf1 } => Oaep { digest, mgf1 },
        }
    }
}
