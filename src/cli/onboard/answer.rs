//! For ourselves: what comes back, and how it is looked at.

use super::facts::Facts;
use super::text::plain;

pub(super) fn write(facts: &Facts) -> String {
    format!(
        "# {}: what comes back, and how to check it

This page stays with us.

- [ ] **Metadata**, as an address or a file. Save it as `nhsmail.xml` and look at it:

      actix-saml inspect nhsmail.xml

      actix-saml metadata check nhsmail.xml

- [ ] **Fingerprints** of the signing certificates, compared by telephone or in the administrator's
      own window with what the commands above show. A signature in the file proves nothing: it is
      made by the key that the file announces.
- [ ] **Entity ID**: the same text as in the metadata, character by character.
- [ ] With Entra, an address that ends in `?appid=` and an identifier. Without it the metadata lists
      other keys than the ones that sign.
- [ ] **What was registered** of ours: entity ID and reply URL as they stand there, or a screenshot.
- [ ] **Claim names**: put them in front in `[claims]` of the configuration.
- [ ] **NameID**: what it is made of, and whether it can change.
- [ ] **Second factors and named locations**: what applies to this application.
- [ ] **A person to call** when the certificate changes, and how it is announced.

Then write it into the configuration and let everything be looked at:

```toml
[[idp]]
metadata = \"nhsmail.xml\"
label = \"NHSmail\"
```

      actix-saml doctor --config saml.toml --registered-entity-id ID --registered-acs URL

Exit status 0 means that nothing is wrong. After that comes `test-plan.md`.
",
        plain(&facts.application)
    )
}
