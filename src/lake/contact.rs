//! The first contact with a server: one that has never answered is not waited for.
//!
//! A request that fails is tried again for a minute and more, since a busy store recovers. A wrong endpoint does not, and
//! its user should not wait to hear of it. So until the first answer arrives, a failed connection is final.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};

/// Longest wait for the first answer.
const FIRST_ANSWER: Duration = Duration::from_secs(8);

/// The server has never answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreachable {
    /// No connection.
    #[error("no connection")]
    NoConnection(#[source] HttpError),
    /// A connection, and silence.
    #[error("no answer within {} seconds", FIRST_ANSWER.as_secs())]
    Silent,
}

/// Makes clients that tell a first contact from later ones.
#[derive(Debug)]
pub(super) struct FirstContact;

impl HttpConnector for FirstContact {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Service { client, answered: AtomicBool::new(false) }))
    }
}

#[derive(Debug)]
struct Service {
    client: HttpClient,
    answered: AtomicBool,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if self.answered.load(Ordering::Relaxed) {
            return self.client.execute(request).await;
        }
        // Of a kind that is not tried again.
        let last = |reason| HttpError::new(HttpErrorKind::Unknown, reason);
        match tokio::time::timeout(FIRST_ANSWER, self.client.execute(request)).await {
            Ok(Ok(response)) => {
                self.answered.store(true, Ordering::Relaxed);
                Ok(response)
            }
            Ok(Err(error)) if matches!(error.kind(), HttpErrorKind::Connect | HttpErrorKind::Timeout) => {
                Err(last(Unreachable::NoConnection(error)))
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(last(Unreachable::Silent)),
        }
    }
}
