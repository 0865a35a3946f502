//! How values are written that have no type of their own.

use std::time::Duration;

use super::error::Unusable;

/// Reads yes or no.
pub(super) fn yes_or_no(text: &str) -> Result<bool, Unusable> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
        _ => Err(Unusable::not_one_of(
            text,
            "true, yes, on and 1, or false, no, off and 0",
        )),
    }
}

/// Reads a time in seconds that is more than none.
pub(super) fn seconds(text: &str) -> Result<Duration, Unusable> {
    text.trim()
        .parse()
        .ok()
        .filter(|seconds| 0.0 < *seconds)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| Unusable::new(format_args!("{text:?} is no number of seconds above 0")))
}

/// Reads a number above 0.
pub(super) fn count(text: &str) -> Result<u32, Unusable> {
    text.trim()
        .parse()
        .ok()
        .filter(|count| 0 < *count)
        .ok_or_else(|| {
            Unusable::new(format_args!(
                "{text:?} is no whole number from 1 to {}",
                u32::MAX
            ))
        })
}

/// Reads an amount of bytes: `10MB`, `500KiB`, `1.5 GB`, `2000`. A fraction of a byte does not count.
///
/// # Errors
/// [`Unusable`] when it is none.
pub fn bytes(text: &str) -> Result<u64, Unusable> {
    let bad = || {
        Unusable::new(format_args!(
            "{text:?} is no amount of bytes; write `10GB` or `500MiB`"
        ))
    };
    let amount = text.trim();
    let end = amount.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = amount.split_at(end.unwrap_or(amount.len()));
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(bad()),
    };
    let bytes = number.parse::<f64>().map_err(|_| bad())? * factor;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within bounds, and a fraction of a byte does not matter"
    )]
    match bytes {
        0.0..1e18 => Ok(bytes as u64),
        _ => Err(bad()),
    }
}

/// Reads words with commas between them; an empty word is none.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_have_many_words() {
        for (word, expected) in [
            ("Yes", true),
            ("1", true),
            ("ON", true),
            ("f", false),
            ("0", false),
        ] {
            assert_eq!(yes_or_no(word), Ok(expected));
        }
        assert!(
            yes_or_no("maybe")
                .unwrap_err()
                .to_string()
                .contains("\"maybe\"")
        );
    }

    #[test]
    fn times_and_counts_are_more_than_none() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-1", "nan", "inf", "1e300", "ten", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert_eq!(count("5000"), Ok(5000));
        for text in ["0", "-1", "1.5", "4294967296", ""] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_have_units_of_both_kinds() {
        for (text, expected) in [
            ("0", 0),
            ("2000", 2000),
            ("10MB", 10_000_000),
            ("500KiB", 512_000),
            ("1.5 GB", 1_500_000_000),
            ("3k", 3_000),
            ("1gib", 1 << 30),
            ("2TiB", 2 << 40),
        ] {
            assert_eq!(bytes(text).ok(), Some(expected), "{text}");
        }
        for text in ["", "MB", "-1", "much", "1.2.3", "10 parsecs"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_have_no_space_around_them() {
        assert_eq!(words("a, b c ,,"), ["a", "b c"]);
    }
}
