//! One thing that was looked at, and what to do about it.

use serde::Serialize;

/// How bad it is, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Nothing is wrong; somebody should know.
    Note,
    /// It works today.
    Warning,
    /// Somebody cannot sign in, or should not be trusted.
    Problem,
}

impl Level {
    pub(super) const ALL: [Self; 4] = [Self::Ok, Self::Note, Self::Warning, Self::Problem];
}

/// What it is about. The sections of the page, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Area {
    Application,
    Registration,
    OwnKeys,
    IdentityProvider,
    Operation,
    Network,
}

impl Area {
    pub(super) const ALL: [Self; 6] = [
        Self::Application,
        Self::Registration,
        Self::OwnKeys,
        Self::IdentityProvider,
        Self::Operation,
        Self::Network,
    ];

    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Application => "APPLICATION",
            Self::Registration => "REGISTRATION",
            Self::OwnKeys => "OUR KEYS",
            Self::IdentityProvider => "IDENTITY PROVIDER",
            Self::Operation => "OPERATION",
            Self::Network => "NETWORK",
        }
    }
}

/// A value that matters here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// A stable, machine-readable name of what was looked at.
    pub(super) code: &'static str,
    pub(super) level: Level,
    pub(super) area: Area,
    /// Which identity provider or file, where there are several.
    pub(super) about: Option<String>,
    /// What was found, in one sentence.
    pub(super) title: String,
    pub(super) facts: Vec<Fact>,
    /// What to do on our side.
    pub(super) remedy: Option<String>,
    /// A line of PowerShell for the identity provider's administrator.
    pub(super) adfs: Option<String>,
    /// A setting of Entra.
    pub(super) entra: Option<String>,
    /// About a key, of which people compare the values even when all is well.
    #[serde(skip)]
    pub(super) is_key: bool,
}

impl Finding {
    pub(super) fn new(
        area: Area,
        code: &'static str,
        level: Level,
        title: impl Into<String>,
    ) -> Self {
        Self {
            code,
            level,
            area,
            about: None,
            title: title.into(),
            facts: Vec::new(),
            remedy: None,
            adfs: None,
            entra: None,
            is_key: false,
        }
    }

    pub(super) fn about(mut self, what: impl Into<String>) -> Self {
        self.about = Some(what.into());
        self
    }

    pub(super) fn fact(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.push(Fact { name, value: value.to_string() });
        self
    }

    pub(super) fn facts<'v>(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = &'v String>,
    ) -> Self {
        values.into_iter().fold(self, |finding, value| finding.fact(name, value))
    }

    pub(super) fn key(mut self) -> Self {
        self.is_key = true;
        self
    }

    pub(super) fn remedy(mut self, what: impl Into<String>) -> Self {
        self.remedy = Some(what.into());
        self
    }

    pub(super) fn adfs(mut self, line: impl Into<String>) -> Self {
        self.adfs = Some(line.into());
        self
    }

    pub(super) fn entra(mut self, setting: impl Into<String>) -> Self {
        self.entra = Some(setting.into());
        self
    }
}
