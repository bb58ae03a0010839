//! A server on this machine that speaks the vendor's tables API over a market in memory.
#![allow(dead_code, unused_imports)] // each test file uses a part of it

mod api;
mod events;
mod faults;
mod http;
mod market;
mod table;

use std::sync::{Arc, Mutex, MutexGuard};

pub use api::{BadKey, Drift, Logged, State};
pub use events::Event;
pub use faults::{Fault, Faults, PASSING};
pub use market::Market;
pub use table::{Row, Table};

use http::HttpServer;

/// The key that the server knows.
pub const KEY: &str = "k3y-that-Nobody-may-see";

pub struct VendorServer {
    state: Arc<Mutex<State>>,
    http: HttpServer,
}

impl VendorServer {
    /// Starts a server on a free port. It ends with the value.
    pub fn start(market: Market) -> Self {
        let state = Arc::new(Mutex::new(State::new(market, KEY)));
        let shared = state.clone();
        let http = HttpServer::start(move |get| lock(&shared).answer(get));
        let server = Self { state, http };
        // Another name for this host, so that a client cannot take the link's host for the API's.
        let base = format!("http://localhost:{}", server.http.address.port());
        server.state().base = base;
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.http.address)
    }

    /// What the server does and has seen.
    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub fn requests(&self) -> Vec<Logged> {
        self.state().log.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
