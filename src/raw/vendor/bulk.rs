//! A bulk file: wait until the vendor has it, fetch it in as many parts as the line needs, read it to its end.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use reqwest::Response;
use reqwest::header::CONTENT_RANGE;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::client::Bulk;
use super::key::SignedLink;
use super::manifest::{PageFile, sync_folder};
use super::partial::Partial;
use super::progress::{OnProgress, Progress};
use super::pull::blocking;
use super::request::hex;
use super::rows::for_each_csv;
use super::tally::Tally;
use super::{Client, Request, Result, TableFacts, VendorError};

/// The file while it is fetched.
const UNFINISHED: &str = "bulk.zip.part";
/// Bytes between two reports of progress.
const REPORT_EVERY: u64 = 1 << 22;

pub(super) async fn fetch_bulk(client: &Client, mut partial: Partial, on_progress: &OnProgress<'_>) -> Result<Partial> {
    if partial.manifest.complete {
        return Ok(partial);
    }
    let request = partial.manifest.request.clone();
    let asked = format!("the bulk file of {request}");
    let mut attempts = client.settings.patience.begin();
    loop {
        let before = size_of(&partial.folder.join(UNFINISHED));
        let error = match fetch_rest(client, &mut partial, &request, &asked, on_progress).await {
            Ok(()) => return blocking(|| accept(partial)).await,
            Err(error) => error,
        };
        if size_of(&partial.folder.join(UNFINISHED)) > before {
            attempts.progressed();
        }
        let report = |error: &VendorError, wait| {
            on_progress(Progress::Waiting { request: &asked, reason: &error.to_string(), wait });
        };
        attempts.wait_after(error, report).await?;
    }
}

/// Fetches what is missing of the file. The link is asked for each time: it does not last.
async fn fetch_rest(
    client: &Client,
    partial: &mut Partial,
    request: &Request,
    asked: &str,
    on_progress: &OnProgress<'_>,
) -> Result<()> {
    let (link, snapshot) = wait_until_ready(client, request, asked, on_progress).await?;
    let path = partial.folder.join(UNFINISHED);
    if partial.manifest.snapshot.as_ref().is_some_and(|begun| *begun != snapshot) {
        return Err(VendorError::BulkChanged { asked: asked.to_owned(), reason: "there is a newer one".to_owned() });
    }
    if partial.manifest.snapshot.is_none() {
        partial.manifest.snapshot = Some(snapshot);
        partial.manifest.write(&partial.folder)?;
    }
    let have = size_of(&path);
    let response = client.open(asked, &link, have).await?;
    let Some((from, total)) = place(asked, &response, have)? else { return Ok(()) };
    // Appended if the host continues where we are; from the beginning if it cannot.
    let mut options = OpenOptions::new();
    let options = if from > 0 { options.append(true) } else { options.create(true).write(true).truncate(true) };
    let mut file = options.open(&path).map_err(VendorError::io(&path))?;
    receive(asked, response, &mut file, &path, (from, total), on_progress).await
}

async fn wait_until_ready(
    client: &Client,
    request: &Request,
    asked: &str,
    on_progress: &OnProgress<'_>,
) -> Result<(SignedLink, String)> {
    let since = Instant::now();
    loop {
        let Bulk { status, link, snapshot } = client.bulk(request).await?;
        match link {
            Some(link) if status == "fresh" => return Ok((link, snapshot)),
            _ => on_progress(Progress::Preparing { request: asked, status: &status }),
        }
        if since.elapsed() + client.settings.bulk_poll > client.settings.bulk_time {
            return Err(VendorError::NotReady { asked: request.to_string(), status, waited: since.elapsed() });
        }
        sleep(client.settings.bulk_poll).await;
    }
}

/// Where in the file an answer begins, and how long the file is; `None` if nothing is missing.
fn place(asked: &str, response: &Response, have: u64) -> Result<Option<(u64, Option<u64>)>> {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
    let (span, total) = range.strip_prefix("bytes ").and_then(|rest| rest.split_once('/')).unwrap_or_default();
    match response.status().as_u16() {
        200 => Ok(Some((0, response.content_length()))),
        206 => {
            let from = span.split_once('-').and_then(|(from, _)| from.parse().ok());
            match from {
                Some(from) if from == have => Ok(Some((from, total.parse().ok()))),
                _ => {
                    Err(VendorError::malformed(asked, format!("asked for bytes from {have}, got the range '{range}'")))
                }
            }
        }
        416 if total.parse() == Ok(have) => Ok(None),
        416 => {
            Err(VendorError::BulkChanged { asked: asked.to_owned(), reason: "it is shorter than before".to_owned() })
        }
        // A link that has ended is refused as well; the next attempt has a new one.
        status => Err(VendorError::Server { asked: asked.to_owned(), status, retry_after: None }),
    }
}

async fn receive(
    asked: &str,
    mut response: Response,
    file: &mut File,
    path: &Path,
    (from, total): (u64, Option<u64>),
    on_progress: &OnProgress<'_>,
) -> Result<()> {
    let (mut bytes, mut reported) = (from, from);
    let report = |bytes| on_progress(Progress::Bytes { request: asked, bytes, total_bytes: total });
    while let Some(chunk) = response.chunk().await.map_err(|error| VendorError::network(asked, error))? {
        file.write_all(&chunk).map_err(VendorError::io(path))?;
        bytes += chunk.len() as u64;
        if bytes - reported >= REPORT_EVERY {
            reported = bytes;
            report(bytes);
        }
    }
    report(bytes);
    file.sync_all().map_err(VendorError::io(path))?;
    match total {
        Some(total) if total != bytes => Err(VendorError::Network {
            asked: asked.to_owned(),
            reason: format!("it ended after {bytes} of {total} bytes"),
        }),
        _ => Ok(()),
    }
}

/// Reads the whole file, which checks it, and makes it part of the pull.
fn accept(mut partial: Partial) -> Result<Partial> {
    let unfinished = partial.folder.join(UNFINISHED);
    let asked = partial.manifest.request.to_string();
    let tally = tally(&unfinished, &partial.facts())
        .map_err(|error| VendorError::BulkChanged { asked, reason: format!("it came damaged: {error}") })?;
    let file = format!("SHARADAR_{}.zip", partial.manifest.request.vendor_name());
    let path = partial.folder.join(&file);
    let mut hash = Sha256::new();
    File::open(&unfinished)
        .and_then(|mut file| std::io::copy(&mut file, &mut hash))
        .map_err(VendorError::io(&unfinished))?;
    fs::rename(&unfinished, &path).map_err(VendorError::io(&path))?;
    sync_folder(&partial.folder)?;
    let sha256 = hex(&hash.finalize());
    partial.manifest.add(PageFile { file, rows: tally.rows, sha256, cursor: None }, tally);
    partial.manifest.finish();
    partial.manifest.write(&partial.folder)?;
    Ok(partial)
}

fn tally(path: &Path, facts: &TableFacts) -> Result<Tally> {
    let mut all = Tally::default();
    for_each_csv(path, &mut |text| {
        let one = Tally::read(text, facts).map_err(|error| error.to_string())?;
        all.columns = one.columns;
        all.rows += one.rows;
        all.newest_date = all.newest_date.max(one.newest_date);
        all.newest_updated = all.newest_updated.max(one.newest_updated);
        Ok(())
    })?;
    Ok(all)
}

fn size_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
