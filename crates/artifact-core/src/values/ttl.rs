//! The time to live of versions.

use std::time::Duration;

use crate::InvalidValue;

/// The time that a version is kept after its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ttl {
    /// The setting of the project.
    #[default]
    Inherit,
    /// For ever, whatever the setting of the project.
    Disabled,
    /// This many whole seconds, at least one.
    Seconds(u64),
}

impl Ttl {
    const INHERIT_ON_WIRE: i64 = -1;
    const DISABLED_ON_WIRE: i64 = -2;

    /// Returns the TTL of `duration`, cut to whole seconds.
    ///
    /// # Errors
    /// When less than a second is left: the official client turns that into "for ever" without a word.
    pub fn of(duration: Duration) -> Result<Self, InvalidValue> {
        match duration.as_secs() {
            0 => Err(InvalidValue::new(
                "TTL",
                format!("{duration:?}"),
                "it must be at least one second",
            )),
            seconds => Ok(Self::Seconds(seconds)),
        }
    }

    /// Returns the number that stands for this TTL in the protocol: seconds, −1 to inherit, −2 for ever.
    ///
    /// Source: `ttlDurationSeconds` of the wire protocol.
    #[must_use]
    pub fn to_wire(self) -> i64 {
        match self {
            Self::Inherit => Self::INHERIT_ON_WIRE,
            Self::Disabled => Self::DISABLED_ON_WIRE,
            Self::Seconds(seconds) => i64::try_from(seconds).unwrap_or(i64::MAX),
        }
    }

    /// Returns the TTL that a number of the protocol stands for.
    ///
    /// # Errors
    /// When the number is zero or below −2.
    pub fn from_wire(number: i64) -> Result<Self, InvalidValue> {
        match number {
            Self::INHERIT_ON_WIRE => Ok(Self::Inherit),
            Self::DISABLED_ON_WIRE => Ok(Self::Disabled),
            seconds => match u64::try_from(seconds) {
                Ok(seconds @ 1..) => Ok(Self::Seconds(seconds)),
                _ => Err(InvalidValue::new(
                    "TTL",
                    number.to_string(),
                    "it is neither seconds, −1 nor −2",
                )),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_numbers_round_trip() {
        for ttl in [
            Ttl::Inherit,
            Ttl::Disabled,
            Ttl::Seconds(1),
            Ttl::Seconds(86_400),
        ] {
            assert_eq!(Ttl::from_wire(ttl.to_wire()), Ok(ttl));
        }
        assert!(Ttl::from_wire(0).is_err());
        assert!(Ttl::from_wire(-3).is_err());
    }

    #[test]
    fn less_than_a_second_is_an_error_and_not_for_ever() {
        assert!(Ttl::of(Duration::from_millis(999)).is_err());
        assert_eq!(Ttl::of(Duration::from_millis(1999)), Ok(Ttl::Seconds(1)));
    }
}
