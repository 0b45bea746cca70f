//! The proof that something was signed is made in one place.

#[test]
fn u_type() {
    // The documentation of `Signed` and of `Assertion` holds code that must not compile; this looks
    // for code inside the crate.
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.clone()];
    let mut makers = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            if code.into_iter().any(|line| line.contains("Ok(Signed {")) {
                makers.push(path.strip_prefix(&source).unwrap().to_owned());
            }
        }
    }
    assert_eq!(makers, [std::path::Path::new("dsig").join("verify.rs")]);
}
