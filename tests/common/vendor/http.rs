//! A small HTTP/1.1 server for GET: one thread per connection, so that faults can be played on the socket itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::faults::Fault;

pub struct Get {
    /// Path and query as sent.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Get {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// What happens to it on the way.
    pub fault: Option<Fault>,
}

impl Answer {
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type", kind.to_owned())], body: body.into(), fault: None }
    }
}

pub struct HttpServer {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl HttpServer {
    pub fn start(handler: impl Fn(&Get) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let (stopped, handler) = (stop.clone(), Arc::new(handler));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (handler, stopped) = (handler.clone(), stopped.clone());
                // A client that goes away is no error of the server.
                let serve = move |stream| drop(serve(stream, handler.as_ref(), &stopped));
                stream.into_iter().for_each(|stream| {
                    drop(thread::spawn({
                        let serve = serve.clone();
                        move || serve(stream)
                    }))
                });
            }
        });
        Self { address, stop }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes the listener
    }
}

fn serve(stream: TcpStream, handler: &dyn Fn(&Get) -> Answer, stopped: &AtomicBool) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(get) = read_get(&mut reader)? {
        if stopped.load(Ordering::SeqCst) || !send(&mut writer, &handler(&get))? {
            return writer.shutdown(Shutdown::Both);
        }
    }
    Ok(())
}

fn read_get(reader: &mut impl BufRead) -> std::io::Result<Option<Get>> {
    let line = |reader: &mut dyn BufRead| -> std::io::Result<Option<String>> {
        let mut text = String::new();
        let read = reader.take(64 << 10).read_line(&mut text)?;
        Ok((read > 0).then(|| text.trim_end().to_owned()))
    };
    let Some(first) = line(reader)? else { return Ok(None) };
    let target = first.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut headers = Vec::new();
    while let Some(header) = line(reader)?.filter(|header| !header.is_empty()) {
        if let Some((name, value)) = header.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Ok(Some(Get { target, headers }))
}

/// Sends an answer; false if the connection is to end.
fn send(writer: &mut TcpStream, answer: &Answer) -> std::io::Result<bool> {
    if answer.fault == Some(Fault::Drop) {
        return Ok(false);
    }
    let mut head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
    answer.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    writer.write_all(format!("{head}\r\n").as_bytes())?;
    let (first, second) = answer.body.split_at(answer.body.len() / 2);
    writer.write_all(first)?;
    match answer.fault {
        Some(Fault::Truncate) => return Ok(false),
        Some(Fault::Slow(milliseconds)) => thread::sleep(Duration::from_millis(milliseconds)),
        _ => {}
    }
    writer.write_all(second)?;
    Ok(true)
}
