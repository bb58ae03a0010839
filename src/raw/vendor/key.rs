//! The API key and the signed links: secrets that are used and never shown.

use std::fmt;

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::{Result, VendorError};

/// The environment variable that holds the key.
pub const KEY_VARIABLE: &str = "NASDAQ_DATA_LINK_API_KEY";

/// What is shown in place of a secret.
const HIDDEN: &str = "[hidden]";

/// The vendor's API key. It travels in a header only; neither `Debug` nor an error prints it.
#[derive(Clone)]
pub struct ApiKey(HeaderValue);

impl ApiKey {
    /// The key in [`KEY_VARIABLE`].
    ///
    /// # Errors
    /// [`VendorError::NoKey`] if the variable is missing or empty, [`VendorError::BadKey`] if no header can hold it.
    pub fn from_env() -> Result<Self> {
        let text = std::env::var(KEY_VARIABLE).unwrap_or_default();
        if text.trim().is_empty() { Err(VendorError::NoKey) } else { Self::new(text.trim()) }
    }

    /// A key from its text.
    ///
    /// # Errors
    /// [`VendorError::BadKey`] if it has anything but visible ASCII characters.
    pub fn new(text: &str) -> Result<Self> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(VendorError::BadKey);
        }
        let mut value = HeaderValue::from_str(text).map_err(|_| VendorError::BadKey)?;
        // Tells every layer below not to print it and not to index it for compression.
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The text without the key, should a server have repeated it.
    pub(super) fn redact(&self, text: &str) -> String {
        match self.0.to_str() {
            Ok(key) => text.replace(key, HIDDEN),
            Err(_) => text.to_owned(),
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({HIDDEN})")
    }
}

/// A link that lets everyone who has it download a file. Printed without its query, which is what signs it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedLink(Url);

impl SignedLink {
    pub(super) fn new(url: Url) -> Self {
        Self(url)
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for SignedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "{}://{host}{}", self.0.scheme(), self.0.path())?;
        if self.0.query().is_some() { write!(f, "?{HIDDEN}") } else { Ok(()) }
    }
}

impl fmt::Debug for SignedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedLink({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_printed() {
        let key = ApiKey::new("s3cret-Key_1").unwrap();
        assert_eq!(format!("{key:?} {:?}", key.header()), "ApiKey([hidden]) Sensitive");
        assert_eq!(key.redact("key s3cret-Key_1 is unknown"), "key [hidden] is unknown");
    }

    #[test]
    fn a_key_that_no_header_can_hold_is_refused_without_showing_it() {
        for text in ["", "two words", "line\nbreak", "ключ"] {
            let error = ApiKey::new(text).unwrap_err();
            assert!(text.is_empty() || !format!("{error} {error:?}").contains(text));
        }
    }

    #[test]
    fn a_signed_link_is_printed_without_its_query() {
        let link = SignedLink::new(Url::parse("https://host.example/a/b.zip?Signature=abc&Expires=1").unwrap());
        assert_eq!(link.to_string(), "https://host.example/a/b.zip?[hidden]");
        assert!(!format!("{link:?}").contains("abc"));
    }
}
