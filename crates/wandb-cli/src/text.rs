//! Human-readable sizes, times and tables.

use unicode_width::UnicodeWidthStr as _;
use wandb_rs::Timestamp;

/// Writes a size as the official client does: powers of 1000, one decimal, the next unit from 1024 on.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut amount = bytes as f64;
    let mut unit = 0;
    while 1024.0 <= amount && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{amount:.1} {}", UNITS[unit])
    }
}

/// Writes a point in time in UTC: `2026-11-24T13:53:04Z`.
pub(super) fn time(timestamp: Timestamp) -> String {
    let seconds = timestamp.as_unix_millis().div_euclid(1000);
    jiff::Timestamp::from_second(seconds)
        .map(|time| time.to_string())
        .unwrap_or_default()
}

/// Writes how long before `now` a point in time was: `3 days ago`. One in the future, as of another machine's clock, is
/// written as [`time`] does.
pub(super) fn age(timestamp: Timestamp, now: Timestamp) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const UNITS: [(u64, &str); 6] = [
        (365 * DAY, "year"),
        (30 * DAY, "month"),
        (7 * DAY, "week"),
        (DAY, "day"),
        (HOUR, "hour"),
        (MINUTE, "minute"),
    ];
    let millis = now.as_unix_millis() - timestamp.as_unix_millis();
    let Ok(seconds) = u64::try_from(millis.div_euclid(1000)) else {
        return time(timestamp);
    };
    let unit = UNITS.into_iter().find(|(unit, _)| *unit <= seconds);
    unit.map_or_else(
        || "just now".to_owned(),
        |(unit, noun)| format!("{} ago", count(seconds / unit, noun)),
    )
}

/// Writes a count with its noun: `1 file`, `2 files`.
pub(super) fn count(count: u64, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// Writes rows in columns as wide as needed, the last one as it is.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: Vec<usize> = (0..N)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].width())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - cell.width()));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Spells out control characters but line feeds: a file's name must not be able to steer the terminal.
pub(super) fn without_control_characters(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            harmless.extend(c.escape_default());
        } else {
            harmless.push(c);
        }
    }
    harmless
}

/// Writes a word so that a POSIX shell reads it back as one.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_the_official_clients() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1000, "1000 B"),
            (1024, "1.0 KB"),
            (123_456_789, "123.5 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        let now = Timestamp::from_unix_millis(1_764_000_000_000);
        for (seconds, expected) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (3 * 86_400 + 5, "3 days ago"),
            (13 * 86_400, "1 week ago"),
            (29 * 86_400, "4 weeks ago"),
            (364 * 86_400, "12 months ago"),
            (800 * 86_400, "2 years ago"),
            (-1, "2025-11-24T16:00:01Z"),
        ] {
            let then = Timestamp::from_unix_millis(now.as_unix_millis() - 1000 * seconds);
            assert_eq!(age(then, now), expected);
        }
    }

    #[test]
    fn control_characters_are_spelled_out() {
        let text = without_control_characters("é\u{1b}[2J\r\u{9b}\n");
        assert_eq!(text, "é\\u{1b}[2J\\r\\u{9b}\n");
    }

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(shell_word("a/b:v0"), "a/b:v0");
        assert_eq!(shell_word("my store"), "'my store'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
