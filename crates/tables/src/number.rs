//! Numbers, exactly as they are in a file.

use std::fmt;

/// A number of a table: a whole number of any size, or a float.
///
/// The official client writes whole numbers with all their digits, and so does this one: `u64::MAX` stays what it is.
/// The W&B app reads numbers as JavaScript does, and shows whole ones beyond 2^53 rounded.
#[derive(Debug, Clone, PartialEq)]
pub struct Number(Repr);

#[derive(Debug, Clone, PartialEq)]
enum Repr {
    Signed(i64),
    /// Above [`i64::MAX`].
    Unsigned(u64),
    Float(f64),
    /// A whole number beyond 64 bits: a minus sign, or none, and digits that do not begin with zero.
    Digits(Box<str>),
}

impl Number {
    /// Reads a number as JSON has it, or as Python writes those that JSON does not have.
    ///
    /// A float that is too large for 64 bits is infinite, as it is to Python.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "NaN" => return Some(f64::NAN.into()),
            "Infinity" => return Some(f64::INFINITY.into()),
            "-Infinity" => return Some(f64::NEG_INFINITY.into()),
            _ => {}
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, rest) = digits.split_at(leading_digits(digits));
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        if rest.is_empty() {
            return Some(whole_number(text));
        }
        let rest = match rest.strip_prefix('.') {
            Some(fraction) => match leading_digits(fraction) {
                0 => return None,
                count => &fraction[count..],
            },
            None => rest,
        };
        if !rest.is_empty() {
            let exponent = rest.strip_prefix(['e', 'E'])?;
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if exponent.is_empty() || leading_digits(exponent) != exponent.len() {
                return None;
            }
        }
        text.parse::<f64>().ok().map(Self::from)
    }

    /// Returns whether it is an integer, rather than a float with an integral value.
    #[must_use]
    pub const fn is_integer(&self) -> bool {
        !matches!(self.0, Repr::Float(_))
    }

    /// Returns whether it is NaN, which counts as null in a table.
    #[must_use]
    pub const fn is_nan(&self) -> bool {
        matches!(self.0, Repr::Float(value) if value.is_nan())
    }

    /// Returns the whole number, if it is one that fits.
    #[must_use]
    pub const fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Signed(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the whole number, if it is one that fits.
    #[must_use]
    pub const fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Repr::Signed(value) if value >= 0 => Some(value.cast_unsigned()),
            Repr::Unsigned(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the whole number, if it is one that fits.
    #[must_use]
    pub fn as_i128(&self) -> Option<i128> {
        match &self.0 {
            Repr::Signed(value) => Some((*value).into()),
            Repr::Unsigned(value) => Some((*value).into()),
            Repr::Float(_) => None,
            Repr::Digits(digits) => digits.parse().ok(),
        }
    }

    /// Returns the float, if it is one.
    #[must_use]
    pub const fn as_float(&self) -> Option<f64> {
        match self.0 {
            Repr::Float(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the nearest float.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "that is what the nearest one means"
    )]
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Signed(value) => *value as f64,
            Repr::Unsigned(value) => *value as f64,
            Repr::Float(value) => *value,
            Repr::Digits(digits) => digits.parse().unwrap_or(f64::NAN),
        }
    }

    /// Appends the number as Python writes it; NaN as `null`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Repr::Signed(value) => append(out, value),
            Repr::Unsigned(value) => append(out, value),
            Repr::Float(value) => write_float(out, *value),
            Repr::Digits(digits) => out.extend_from_slice(digits.as_bytes()),
        }
    }
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Returns the whole number that these digits are.
fn whole_number(text: &str) -> Number {
    Number(if let Ok(value) = text.parse::<i64>() {
        Repr::Signed(value)
    } else if let Ok(value) = text.parse::<u64>() {
        Repr::Unsigned(value)
    } else {
        Repr::Digits(text.into())
    })
}

fn append(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    serde_json::to_writer(out, value).expect("memory takes all numbers");
}

/// Writes the shortest digits that mean this float, with an exponent where Python has one: from 1e16 on, and below 1e-4.
fn write_float(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        out.extend_from_slice(b"null");
    } else if value.is_infinite() {
        let sign: &[u8] = if value < 0.0 { b"-" } else { b"" };
        out.extend_from_slice(sign);
        out.extend_from_slice(b"Infinity");
    } else if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        append(out, &value);
    } else {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').expect("the format has an exponent");
        let exponent: i32 = exponent.parse().expect("exponents are whole numbers");
        let sign = if exponent < 0 { '-' } else { '+' };
        let exponent = exponent.unsigned_abs();
        out.extend_from_slice(format!("{digits}e{sign}{exponent:02}").as_bytes());
    }
}

impl fmt::Display for Number {
    /// Writes the number as in a table's file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        formatter.write_str(&String::from_utf8_lossy(&text))
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(Repr::Float(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(i64::try_from(value).map_or(Repr::Unsigned(value), Repr::Signed))
    }
}

impl From<i128> for Number {
    fn from(value: i128) -> Self {
        i64::try_from(value).map_or_else(|_| whole_number(&value.to_string()), Self::from)
    }
}

impl From<u128> for Number {
    fn from(value: u128) -> Self {
        u64::try_from(value).map_or_else(|_| whole_number(&value.to_string()), Self::from)
    }
}

macro_rules! small {
    ($($type:ty),*) => {$(
        impl From<$type> for Number {
            fn from(value: $type) -> Self {
                Self(Repr::Signed(value.into()))
            }
        }
    )*};
}
small!(i8, i16, i32, i64, u8, u16, u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (value, expected) in [
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (1e100, "1e+100"),
            (-0.0, "-0.0"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (0.1, "0.1"),
            (100.0, "100.0"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "null"),
        ] {
            assert_eq!(Number::from(value).to_string(), expected);
        }
    }

    #[test]
    fn whole_numbers_keep_all_digits() {
        for text in [
            "0",
            "-1",
            "9007199254740993",
            "9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "1000000000000000000000000000000000000000000000000001",
        ] {
            let number = Number::parse(text).unwrap();
            assert_eq!(number.to_string(), text);
            assert!(number.is_integer());
        }
        assert_eq!(Number::from(u128::MAX).to_string(), u128::MAX.to_string());
        assert_eq!(Number::from(u64::MAX).as_u64(), Some(u64::MAX));
    }

    #[test]
    fn what_json_does_not_have_is_no_number() {
        for text in [
            "", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1x", "0x1", "nan", "--1",
        ] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
        for text in ["1.5", "-0.0", "1e5", "1E-05", "1.5e+300"] {
            assert!(Number::parse(text).is_some(), "{text:?}");
        }
    }
}
