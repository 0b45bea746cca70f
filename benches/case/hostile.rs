//! Documents that cost as much as their size allows, each about `size` bytes. What is wrong with
//! them is seen as late as can be.

/// Every shape, with its name.
pub(crate) fn shapes(size: usize) -> Vec<(&'static str, String)> {
    let fill = |open: &str, item: &str, close: &str| {
        let count = size.saturating_sub(open.len() + close.len()) / item.len().max(1);
        format!("{open}{}{close}", item.repeat(count))
    };
    let prefixes: Vec<String> = (0..60).map(|n| format!(" xmlns:a{n:02}='urn:x:{n:02}'")).collect();
    let declared = format!("<r{}>", prefixes.concat());
    let outermost: String = (0..30).map(|n| format!(" a{n:02}:x=''")).collect();
    let long = "x".repeat(240);
    let long_uris: String = (0..30).map(|n| format!(" xmlns:b{n:02}='urn:{long}{n:02}'")).collect();
    let long_names: String = (0..30).map(|n| format!(" b{n:02}:x=''")).collect();
    let plain: String = (0..32).map(|n| format!(" {long}{n:02}=''")).collect();
    let redeclared: String = (0..15).map(|n| format!(" xmlns:c{n:02}='urn:{n}'")).collect();
    let used: String = (0..15).map(|n| format!(" c{n:02}:y='&amp;'")).collect();
    let deep = format!("{}{}", "<e>".repeat(40), "</e>".repeat(40));
    let ids: String = (0..size / 45).map(|n| format!("<i Id='{long:.24}{n:05}'/>")).collect();
    vec![
        ("prefixes declared far out", fill(&declared, &format!("<e{outermost}/>"), "</r>")),
        (
            "namespaces that differ at their end",
            fill(&format!("<r{long_uris}>"), &format!("<e{long_names}/>"), "</r>"),
        ),
        ("attributes that differ at their end", fill("<r>", &format!("<e{plain}/>"), "</r>")),
        ("namespaces declared again", fill("<r>", &format!("<e{redeclared}{used}/>"), "</r>")),
        ("deep", fill("<r>", &deep, "</r>")),
        ("small elements", fill("<r>", "<e/>", "</r>")),
        ("small elements with text", fill("<r>", "<e>a</e>b", "</r>")),
        ("carriage returns", fill("<r>", "\r", "</r>")),
        ("carriage returns in an attribute", fill("<r a='", "\r", "'/>")),
        ("references", fill("<r>", "&lt;", "</r>")),
        ("references in an attribute", fill("<r a='", "&lt;", "'/>")),
        ("CDATA sections", fill("<r>", "<![CDATA[]]>", "</r>")),
        ("comments", fill("<r>", "<!---->", "</r>")),
        ("greater-than signs", fill("<r>", ">", "</r>")),
        ("quotes in a tag", fill("<r a='", "\"", "'/>")),
        ("letters beyond ASCII", fill("<r>", "\u{FFFD}", "</r>")),
        ("names beyond ASCII", fill("<r>", "<é é:é='é' xmlns:é='urn:é'/>", "</r>")),
        ("IDs", format!("<r>{ids}</r>")),
        ("white space in a tag", fill("<r ", " \n", "/>")),
    ]
}
