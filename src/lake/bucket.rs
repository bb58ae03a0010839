//! The bucket of a lake on S3-compatible storage: its settings, how patient requests are, and what to check when one
//! fails.

use std::error::Error;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{HttpError, HttpErrorKind};
use object_store::{BackoffConfig, ClientConfigKey, RetryConfig};
use url::Url;

use super::LakeError;
use super::contact::{FirstContact, Unreachable};

/// Where requests go, for messages. Never holds a credential.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    name: String,
    endpoint: String,
}

impl Bucket {
    /// The storage at an `s3://bucket/prefix` URL, with endpoint, region and credentials from the `AWS_*` variables.
    pub(super) fn open(url: &Url) -> Result<(Self, AmazonS3), String> {
        let mut settings = AmazonS3Builder::from_env().with_url(url.as_str()).with_retry(patience());
        settings = settings.with_http_connector(FirstContact);
        let connect = AmazonS3ConfigKey::Client(ClientConfigKey::ConnectTimeout);
        if std::env::var_os("AWS_CONNECT_TIMEOUT").is_none() {
            settings = settings.with_config(connect, "3 seconds");
        }
        let get = |key| settings.get_config_value(&key).filter(|value| !value.is_empty());
        let endpoint = get(AmazonS3ConfigKey::S3Endpoint).or_else(|| get(AmazonS3ConfigKey::Endpoint));
        let plain = get(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp));
        if let Some(endpoint) = &endpoint
            && endpoint.starts_with("http://")
            && plain.as_deref() == Some("false")
        {
            return Err(format!("its endpoint {endpoint} is plain HTTP; set AWS_ALLOW_HTTP=true if that is meant"));
        }
        let region = get(AmazonS3ConfigKey::Region).unwrap_or_else(|| "us-east-1".to_owned());
        let endpoint = endpoint.unwrap_or_else(|| format!("Amazon S3 in {region}"));
        let name = url.host_str().unwrap_or_default().to_owned();
        let store = settings.build().map_err(|error| error.to_string())?;
        Ok((Self { name, endpoint }, store))
    }

    /// A failed request in the user's terms.
    pub(super) fn explain(&self, path: &str, error: &object_store::Error) -> LakeError {
        let text = error.to_string();
        let connection = chain(error).find_map(|cause| cause.downcast_ref::<HttpError>());
        let kind = connection.map(HttpError::kind);
        let never_answered = chain(error).any(|cause| cause.is::<Unreachable>());
        let asks_machine = text.contains("/latest/api/token") || text.contains("/latest/meta-data");
        let (reason, help) = if asks_machine {
            ("there are no credentials".to_owned(), "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        } else if text.contains("403 Forbidden") || text.contains("401 Unauthorized") {
            (
                answer(&text).unwrap_or_else(|| "access is denied".into()),
                "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), and that they may list, read and write this bucket",
            )
        } else if text.contains("<Code>NoSuchBucket</Code>") {
            ("there is no such bucket".to_owned(), "create the bucket, or check its name and AWS_ENDPOINT")
        } else if never_answered || matches!(kind, Some(HttpErrorKind::Connect | HttpErrorKind::Timeout)) {
            let cause = chain(error).last().map_or_else(|| text.clone(), ToString::to_string);
            (
                format!("the server cannot be reached ({cause})"),
                "check AWS_ENDPOINT, AWS_REGION and the network, and that the server runs",
            )
        } else if text.contains("<Code>SlowDown</Code>") || text.contains("503 Service Unavailable") {
            (answer(&text).unwrap_or_else(|| "it is busy".into()), "the server is busy for long; try again later")
        } else {
            (answer(&text).unwrap_or(text), "check AWS_ENDPOINT, AWS_REGION and the bucket's name")
        };
        LakeError::Bucket {
            location: format!("s3://{}/{path}", self.name),
            endpoint: self.endpoint.clone(),
            reason,
            help,
        }
    }
}

/// A store that is busy (503 SlowDown) or restarts is waited for a minute and a half: a night's build should not die of it.
/// Time is the limit and not the number of tries: the waits are drawn at random, between the shortest and `base` times the
/// last one, and may stay short for long. [`FirstContact`] keeps a wrong endpoint from taking as long.
fn patience() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(10), base: 3.0 };
    RetryConfig { backoff, max_retries: 200, retry_timeout: Duration::from_secs(90) }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// Code and message of an S3 error document.
fn answer(text: &str) -> Option<String> {
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0)
    };
    let code = element("Code")?;
    Some(element("Message").map_or_else(|| code.to_owned(), |message| format!("{code}: {message}")))
}
