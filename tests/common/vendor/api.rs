//! The vendor's answers to requests.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::Arc;

use url::form_urlencoded;

use super::faults::{Fault, Faults};
use super::http::{Answer, Get};
use super::market::Market;
use super::table::{Row, Table};

const JSON: &str = "application/json; charset=utf-8";
/// Makes cursors look like nothing that a client could make up.
const MASK: u64 = 0x5bd1_e995_0f0f_a5a5;
/// The most rows of a page.
const LIMIT: usize = 10_000;

/// What the server does with a key that it does not know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BadKey {
    Forbid,
    /// A few old rows, as if they were all.
    Sample,
}

/// How a table differs from the market's: the vendor's columns change over time.
#[derive(Clone, Default)]
pub struct Drift {
    /// One more column at the end, with this value.
    pub extra: Option<(String, String)>,
    /// By how many places the columns are turned.
    pub turn: usize,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Logged {
    pub target: String,
    pub had_key: bool,
    pub range: Option<String>,
    pub fault: Option<Fault>,
}

pub struct State {
    pub market: Market,
    pub faults: Faults,
    pub bad_key: BadKey,
    /// How many pages a listing may give before its cursors end.
    pub cursor_pages: usize,
    /// How often a bulk file is `creating` before it is `fresh`.
    pub bulk_polls: usize,
    /// Whether bulk files can be continued.
    pub ranges: bool,
    pub drift: BTreeMap<String, Drift>,
    pub log: Vec<Logged>,
    pub(super) key: String,
    pub(super) base: String,
    listings: Vec<Listing>,
    bulk: HashMap<String, Bulk>,
}

/// The rows of a first page and of those that follow.
struct Listing {
    table: Table,
    rows: Vec<Row>,
    pages: usize,
}

struct Bulk {
    polls: usize,
    zip: Arc<Vec<u8>>,
}

impl State {
    pub fn new(market: Market, key: &str) -> Self {
        Self {
            market,
            faults: Faults::none(),
            bad_key: BadKey::Forbid,
            cursor_pages: usize::MAX,
            bulk_polls: 1,
            ranges: true,
            drift: BTreeMap::new(),
            log: Vec::new(),
            key: key.to_owned(),
            base: String::new(),
            listings: Vec::new(),
            bulk: HashMap::new(),
        }
    }

    /// Forgets bulk files, so that the next are made of what the market shows then.
    pub fn forget_bulk(&mut self) {
        self.bulk.clear();
    }

    pub(super) fn answer(&mut self, get: &Get) -> Answer {
        let key = get.header("x-api-token");
        let fault = self.faults.draw();
        let range = get.header("range").map(str::to_owned);
        self.log.push(Logged { target: get.target.clone(), had_key: key.is_some(), range: range.clone(), fault });
        let (path, query) = get.target.split_once('?').unwrap_or((&get.target, ""));
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut answer = match fault {
            Some(Fault::RateLimited(seconds)) => {
                let mut answer = refusal(429, "QELx01", "You have exceeded the API speed limit");
                answer.headers.extend(seconds.map(|seconds| ("retry-after", seconds.to_string())));
                answer
            }
            Some(Fault::Status(status)) => Answer::new(status, "text/plain", "upstream trouble"),
            Some(Fault::Html) => Answer::new(200, "text/html", "<html><body>We are down for maintenance</body></html>"),
            _ if path.starts_with("/bulk/") => self.download(path, &query, range.as_deref()),
            _ => self.api(path, query, key == Some(&self.key.clone()), fault),
        };
        if fault == Some(Fault::Cut) {
            answer.body.truncate(answer.body.len() / 2);
        }
        answer.fault = fault;
        answer
    }

    fn api(&mut self, path: &str, mut query: Vec<(String, String)>, known: bool, fault: Option<Fault>) -> Answer {
        let name = path.strip_prefix("/api/v3/datatables/SHARADAR/").and_then(|name| name.split_once('.'));
        let Some((name, form)) = name else { return refusal(404, "QECx02", "You have submitted an incorrect path") };
        let name = name.to_ascii_lowercase();
        let Some(table) = self.market.shown.get(&name) else { return refusal(404, "QECx02", "There is no such table") };
        let mut take = |option: &str| {
            let at = query.iter().position(|(name, _)| name == option)?;
            Some(query.remove(at).1)
        };
        let (cursor, per_page) = (take("qopts.cursor_id"), take("qopts.per_page"));
        let (export, columns) = (take("qopts.export"), take("qopts.columns"));
        let per_page = per_page.map_or(LIMIT, |rows| rows.parse().unwrap_or(usize::MAX));
        if per_page > LIMIT || columns.is_some() {
            return refusal(400, "QESx04", "This server knows no qopts.columns and no page of more than 10000 rows");
        }
        if !known && self.bad_key == BadKey::Forbid {
            return refusal(403, "QEPx04", "You do not have permission to view this dataset, or the key is wrong");
        }
        let filtered = if cursor.is_some() { Ok(Vec::new()) } else { table.filter(&query) };
        let rows = match filtered {
            Ok(rows) if known => rows,
            Ok(_) => table.rows.iter().take(5).cloned().collect(),
            Err(column) => return refusal(400, "QESx08", &format!("You cannot use {column} as a filter")),
        };
        let drift = self.drift.get(&name).cloned().unwrap_or_default();
        let whole = drift.apply(&table.with(rows));
        match (export, form) {
            (Some(_), _) => self.export(path, &query, &whole),
            (None, "csv") => {
                let first = whole.rows.iter().take(per_page).cloned().collect();
                Answer::new(200, "text/csv", whole.with(first).csv())
            }
            _ => self.page(whole, cursor, per_page, fault),
        }
    }

    fn page(&mut self, whole: Table, cursor: Option<String>, per_page: usize, fault: Option<Fault>) -> Answer {
        let (listing, from) = match &cursor {
            None => {
                let (table, mut rows) = (whole.with(Vec::new()), whole.rows);
                rows.reverse(); // the order is not promised
                self.listings.push(Listing { table, rows, pages: 0 });
                (self.listings.len() - 1, 0)
            }
            Some(cursor) => match parse(cursor) {
                Some((listing, from)) if listing < self.listings.len() => (listing, from),
                _ => return refusal(400, "QESx05", "The cursor is not valid"),
            },
        };
        let id = listing;
        let listing = &mut self.listings[listing];
        listing.pages += 1;
        if listing.pages > self.cursor_pages && cursor.is_some() {
            return refusal(400, "QESx06", "The cursor has expired");
        }
        let to = if fault == Some(Fault::NoRows) { from } else { (from + per_page).min(listing.rows.len()) };
        let cursor_to = |to| format!("v1_{:016x}_{to:x}_{:x}", id as u64 ^ MASK, listing.pages);
        let next = (to < listing.rows.len()).then(|| cursor_to(to));
        let next = if fault == Some(Fault::RepeatCursor) { cursor.or(next) } else { next };
        let mut page = listing.table.with(listing.rows[from..to].to_vec());
        if fault == Some(Fault::ExtraColumn) {
            page = Drift { extra: Some(("brandnew".into(), "1".into())), turn: 0 }.apply(&page);
        }
        Answer::new(200, JSON, page.json(next.as_deref()))
    }

    fn export(&mut self, path: &str, query: &[(String, String)], whole: &Table) -> Answer {
        let id =
            format!("{}{query:?}", path.trim_start_matches('/')).replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let polls = self.bulk_polls;
        let bulk = self.bulk.entry(id.clone()).or_insert_with(|| Bulk { polls, zip: Arc::new(zip(whole)) });
        let ready = bulk.polls == 0;
        bulk.polls = bulk.polls.saturating_sub(1);
        let status = if ready { "fresh" } else { "creating" };
        let snapshot = format!("{} {}", self.market.today, bulk.zip.len());
        let link = ready.then(|| format!("{}/bulk/{id}.zip?Signature=s1gned&Expires=1", self.base));
        let body = serde_json::json!({"datatable_bulk_download": {
            "file": {"link": link, "status": status, "data_snapshot_time": snapshot},
            "datatable": {"last_refreshed_time": snapshot},
        }});
        Answer::new(200, JSON, body.to_string())
    }

    fn download(&self, path: &str, query: &[(String, String)], range: Option<&str>) -> Answer {
        let id = path.trim_start_matches("/bulk/").trim_end_matches(".zip");
        let signed = query.iter().any(|(name, value)| name == "Signature" && value == "s1gned");
        let Some(bulk) = self.bulk.get(id).filter(|_| signed) else { return Answer::new(403, "text/xml", "<Error/>") };
        let total = bulk.zip.len();
        let from = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        match from.filter(|_| self.ranges) {
            None => Answer::new(200, "application/zip", bulk.zip.as_slice()),
            Some(from) if from >= total => {
                let mut answer = Answer::new(416, "text/plain", "");
                answer.headers.push(("content-range", format!("bytes */{total}")));
                answer
            }
            Some(from) => {
                let mut answer = Answer::new(206, "application/zip", &bulk.zip[from..]);
                answer.headers.push(("content-range", format!("bytes {from}-{}/{total}", total - 1)));
                answer
            }
        }
    }
}

impl Drift {
    fn apply(&self, table: &Table) -> Table {
        let turned = |cells: &[String], more: Option<&String>| {
            let mut cells: Vec<String> = cells.iter().chain(more).cloned().collect();
            let turn = self.turn % cells.len();
            cells.rotate_left(turn);
            cells
        };
        let (name, value) = (self.extra.as_ref().map(|(name, _)| name), self.extra.as_ref().map(|(_, value)| value));
        Table {
            name: table.name.clone(),
            columns: turned(&table.columns, name),
            rows: table.rows.iter().map(|row| turned(row, value).into()).collect(),
        }
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::new(status, JSON, serde_json::json!({"quandl_error": {"code": code, "message": message}}).to_string())
}

fn parse(cursor: &str) -> Option<(usize, usize)> {
    let (listing, from) = cursor.strip_prefix("v1_")?.split_once('_')?;
    let (from, _) = from.split_once('_')?;
    let listing = u64::from_str_radix(listing, 16).ok()? ^ MASK;
    Some((listing as usize, usize::from_str_radix(from, 16).ok()?))
}

fn zip(table: &Table) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let name = format!("SHARADAR_{}_0123456789abcdef.csv", table.name.to_ascii_uppercase());
    writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(&table.csv()).unwrap();
    writer.finish().unwrap().into_inner()
}
