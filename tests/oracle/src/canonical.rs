//! What xmlsec, over libxml2, takes the digest of.
//!
//! No C function is called directly. samael signs a document with a template in it; xmlsec fills in
//! one digest for each reference, and every digest is that of one canonical form.

use actix_saml::dsig::{DSIG_NAMESPACE, ENVELOPED};
use actix_saml::xml::decode_base64;
use actix_saml::xml::{C14n, Document, Limits, Node, canonicalise};
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider, ReduceMode};

use crate::Trouble;

/// One canonical form of one element.
#[derive(Clone, Debug)]
pub struct Form {
    /// `ID` of the element.
    pub id: String,
    /// The algorithm.
    pub method: C14n,
    /// The PrefixList; none for the inclusive algorithms.
    pub prefixes: Vec<String>,
    /// Whether the signature inside is left out.
    pub enveloped: bool,
}

impl Form {
    /// A bare name would drop comments (XML Signature 4.4.3.3); an XPointer keeps them.
    fn uri(&self) -> String {
        match self.method {
            C14n::Exclusive | C14n::Inclusive => format!("#{}", self.id),
            C14n::ExclusiveWithComments | C14n::InclusiveWithComments => {
                format!("#xpointer(id('{}'))", self.id)
            }
        }
    }

    /// The same form of the same document, by the product.
    ///
    /// # Errors
    /// When there is no such element.
    pub fn ours(&self, document: &Document<'_>) -> Result<Vec<u8>, Trouble> {
        let apex = document
            .elements()
            .find(|n| n.attribute("ID") == Some(&self.id))
            .ok_or("no element has the ID")?;
        let signature = if self.enveloped { signature(document) } else { None };
        Ok(ours(apex, self.method, &self.prefixes, signature))
    }
}

fn ours(apex: Node<'_>, method: C14n, prefixes: &[String], omit: Option<Node<'_>>) -> Vec<u8> {
    let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    let mut out = Vec::new();
    canonicalise(apex, method, &prefixes, omit, &mut out);
    out
}

fn signature<'d>(document: &'d Document<'_>) -> Option<Node<'d>> {
    document.elements().find(|n| n.is(DSIG_NAMESPACE, "Signature"))
}

/// How `SignedInfo` itself is canonicalised.
#[derive(Clone, Debug)]
pub struct SignedInfoForm {
    /// The algorithm.
    pub method: C14n,
    /// The PrefixList.
    pub prefixes: Vec<String>,
}

/// `xml` with a signature template as last child of its root: one reference for each form.
///
/// # Errors
/// When `xml` has no end tag.
pub fn with_template(
    xml: &str,
    signed_info: &SignedInfoForm,
    forms: &[Form],
) -> Result<String, Trouble> {
    let at = xml.rfind("</").ok_or("no end tag")?;
    let references: String = forms
        .iter()
        .map(|form| {
            let enveloped = if form.enveloped {
                format!("<ds:Transform Algorithm=\"{ENVELOPED}\"/>")
            } else {
                String::new()
            };
            let transform = algorithm("Transform", form.method, &form.prefixes);
            format!(
                "<ds:Reference URI=\"{}\"><ds:Transforms>{enveloped}{transform}</ds:Transforms>\
                 <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
                 <ds:DigestValue></ds:DigestValue></ds:Reference>",
                form.uri()
            )
        })
        .collect();
    let method = algorithm("CanonicalizationMethod", signed_info.method, &signed_info.prefixes);
    Ok(format!(
        "{}<ds:Signature xmlns:ds=\"{DSIG_NAMESPACE}\"><ds:SignedInfo>{method}<ds:SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>{references}\
         </ds:SignedInfo><ds:SignatureValue></ds:SignatureValue></ds:Signature>{}",
        &xml[..at],
        &xml[at..]
    ))
}

fn algorithm(element: &str, method: C14n, prefixes: &[String]) -> String {
    let list = if prefixes.is_empty() {
        String::new()
    } else {
        format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"{}\" PrefixList=\"{}\"/>",
            C14n::Exclusive.uri(),
            prefixes.join(" ")
        )
    };
    format!("<ds:{element} Algorithm=\"{}\">{list}</ds:{element}>", method.uri())
}

/// A key to sign with.
pub struct Signer {
    key: PKey<openssl::pkey::Private>,
    der: Vec<u8>,
}

/// What xmlsec signed.
#[derive(Clone, Debug)]
pub struct SignedTemplate {
    /// The document as libxml2 writes it out again.
    pub xml: String,
    /// The digest of each form, in order.
    pub digests: Vec<Vec<u8>>,
}

impl Signer {
    /// Makes a key.
    ///
    /// # Errors
    /// When OpenSSL cannot.
    pub fn generate() -> Result<Self, Trouble> {
        let key = PKey::from_rsa(Rsa::generate(2048)?)?;
        let der = key.private_key_to_der()?;
        Ok(Self { key, der })
    }

    /// Has xmlsec fill in the template.
    ///
    /// # Errors
    /// When xmlsec refuses, or writes what cannot be read.
    pub fn sign(&self, template: &str) -> Result<SignedTemplate, Trouble> {
        let xml = Crypto::sign_xml(template, &self.der)?;
        let document = Document::parse(xml.as_bytes(), &Limits::METADATA)?;
        let signature = signature(&document).ok_or("no signature")?;
        let mut digests = Vec::new();
        for node in signature.descendants().filter(|n| n.is(DSIG_NAMESPACE, "DigestValue")) {
            let value = node.text().ok_or("no digest")?;
            digests.push(decode_base64(value.as_bytes()).ok_or("no base64")?);
        }
        Ok(SignedTemplate { xml, digests })
    }

    /// Whether xmlsec's signature value is right over the product's canonical form of `SignedInfo`.
    ///
    /// # Errors
    /// When there is no signature in `xml`.
    pub fn agrees(&self, xml: &str, signed_info: &SignedInfoForm) -> Result<bool, Trouble> {
        let document = Document::parse(xml.as_bytes(), &Limits::METADATA)?;
        let mut children = signature(&document).ok_or("no signature")?.elements();
        let (info, value) = children.next().zip(children.next()).ok_or("no children")?;
        let value = decode_base64(value.text().ok_or("no value")?.as_bytes()).ok_or("no base64")?;
        let bytes = ours(info, signed_info.method, &signed_info.prefixes, None);
        let digest = openssl::hash::MessageDigest::sha256();
        let mut verifier = openssl::sign::Verifier::new(digest, &self.key)?;
        Ok(verifier.verify_oneshot(&value, &bytes)?)
    }

    /// The bytes behind one digest, to see where two forms differ.
    ///
    /// # Errors
    /// When xmlsec refuses.
    pub fn bytes(&self, xml: &str, form: &Form) -> Result<String, Trouble> {
        let signed_info = SignedInfoForm { method: C14n::Exclusive, prefixes: Vec::new() };
        let template = with_template(xml, &signed_info, std::slice::from_ref(form))?;
        let signed = self.sign(&template)?;
        let certificate = self.certificate()?;
        Ok(Crypto::reduce_xml_to_signed(&signed.xml, &[certificate], ReduceMode::PreDigest)?)
    }

    fn certificate(&self) -> Result<CertificateDer, Trouble> {
        use openssl::asn1::Asn1Time;
        let mut builder = openssl::x509::X509::builder()?;
        builder.set_pubkey(&self.key)?;
        let (start, end) = (Asn1Time::days_from_now(0)?, Asn1Time::days_from_now(1)?);
        builder.set_not_before(&start)?;
        builder.set_not_after(&end)?;
        builder.sign(&self.key, openssl::hash::MessageDigest::sha256())?;
        Ok(builder.build().to_der()?.into())
    }
}

/// SHA-256, the digest of every reference here.
pub fn digest(bytes: &[u8]) -> Vec<u8> {
    openssl::sha::sha256(bytes).to_vec()
}
