//! Parsing of transfer rates.

/// Reads bytes a second: `10MB`, `500KiB`, `1.5 GB/s`, `2000`.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let bad = || format!("{text:?} is no rate; write `10MB` or `500KiB` a second");
    let amount = text.trim();
    let amount = amount.strip_suffix("/s").unwrap_or(amount);
    match settings::bytes(amount) {
        Ok(bytes @ 1..) => Ok(bytes),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn rates_have_units_of_both_kinds() {
        for (text, expected) in [
            ("2000", 2000),
            ("10MB", 10_000_000),
            ("500KiB", 512_000),
            ("1.5 GB/s", 1_500_000_000),
            ("3k", 3_000),
            ("1gib", 1 << 30),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", "MB", "0", "-1", "fast", "1.2.3", "10 parsecs", "0.1B"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
