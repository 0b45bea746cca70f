//! What the file says of our pages.

use actix_web::body::MessageBody as _;

use super::*;

/// The question before signing out, as it is sent.
fn page(saml: &Saml) -> String {
    let mut samples = saml.sample_pages().into_iter();
    let (_, response) = samples.find(|(page, _)| page.kind.code() == "ask_logout").unwrap();
    let body = response.into_body().try_into_bytes().unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[test]
fn texts_come_from_their_file_and_stay_english_without() {
    let folder = Folder::new();
    let text = format!("{START}{IDP}");
    assert!(page(&folder.load(&text, &[]).unwrap()).contains("<h1>Sign out</h1>"));
    folder.write("cy.toml", "lang = \"cy\"\nsign_out_title = \"Allgofnodi\"\n");
    let page = page(&folder.load(&format!("{text}[pages]\ntexts = \"cy.toml\"\n"), &[]).unwrap());
    assert!(page.contains("<html lang=\"cy\"") && page.contains("<h1>Allgofnodi</h1>"), "{page}");
    assert!(page.contains("Do you want to sign out"), "{page}");
}

#[test]
fn the_application_shows_its_name_and_its_own_files() {
    let folder = Folder::new();
    let pages = "[pages]\nservice_name = \"Ward rota\"\nstylesheet = \"/a.css\"\n\
                 logo = \"/logo.svg\"\nhelp_desk = \"extension 0000\"\n";
    let page = page(&folder.load(&format!("{START}{IDP}{pages}"), &[]).unwrap());
    for part in ["<title>Sign out - Ward rota</title>", "href=\"/a.css\"", "src=\"/logo.svg\""] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let folder = Folder::new();
    folder.write("unknown.toml", "sign_inn = \"x\"\n");
    folder.write("places.toml", "reference = \"x\"\n");
    std::fs::write(folder.0.join("latin1.toml"), b"sign_in = \"\xe9\"\n").unwrap();
    for (keys, field, problem) in [
        ("texts = \"absent.toml\"", "pages.texts", "No such file"),
        ("texts = \"unknown.toml\"", "pages.texts", "sign_inn: there is no such text"),
        ("texts = \"places.toml\"", "pages.texts", "in the place of {reference}"),
        ("texts = \"latin1.toml\"", "pages.texts", "utf-8"),
        ("stylesheet = \"https://cdn.example.org/a.css\"", "pages.stylesheet", "not a path"),
        ("service_name = \"x\"\nlogo = \"//cdn.example.org/a\"", "pages.logo", "not a path"),
        ("logo = \"/logo.svg\"", "pages.logo", "read out in its place"),
        ("colour = \"red\"", "pages.colour", "unknown field"),
    ] {
        let text = format!("{START}{IDP}[pages]\n{keys}\n");
        folder.assert_refused(&text, &[], ("saml.toml", field, problem));
    }
}
