//! Rows of `sep` and `sfp`: daily prices with the vendor's adjustments.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::calendar::Calendar;
use super::frame::Frame;
use super::path::{Adjustment, Bar, Path};

/// The price rows of one security. A row was last updated on its own date, or when the last split
/// or dividend after it rewrote it.
pub fn rows(calendar: &Calendar, ticker: &str, path: &Path) -> Result<RecordBatch, ArrowError> {
    let (bars, adjustments) = path.written(calendar);
    let last_action = bars.iter().rposition(|bar| bar.split != 1.0 || bar.dividend > 0.0).unwrap_or(0);
    let updated = |row: usize| calendar.date(bars[row.max(last_action)].session);
    let each = |value: fn(&Adjustment, &Bar) -> f64| {
        bars.iter().zip(adjustments).map(move |(bar, adjustment)| Some(value(adjustment, bar)))
    };
    Frame::new()
        .text("ticker", bars.iter().map(|_| Some(ticker)))
        .date("date", bars.iter().map(|bar| Some(calendar.date(bar.session))))
        .number("open", each(|adjustment, bar| adjustment.price(bar.open)))
        .number("high", each(|adjustment, bar| adjustment.price(bar.high)))
        .number("low", each(|adjustment, bar| adjustment.price(bar.low)))
        .number("close", each(|adjustment, bar| adjustment.price(bar.close)))
        .number("volume", each(|adjustment, bar| adjustment.volume(bar.volume)))
        .number("closeadj", each(|adjustment, bar| adjustment.total_return_price(bar.close)))
        .number("closeunadj", each(|_, bar| bar.close))
        .date("lastupdated", (0..bars.len()).map(|row| Some(updated(row))))
        .finish()
}
