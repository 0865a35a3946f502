//! Metadata that tells whether a file has changed.

/// Size, times and identity of a file, which change when its content does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileStamp {
    /// Length in bytes.
    pub size: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub modified: i64,
    /// When its content or metadata last changed, in nanoseconds since 1970; unlike `modified`, programs cannot set it.
    pub changed: i64,
    /// The number of the file within its device.
    pub inode: u64,
    /// The device.
    pub device: u64,
}

impl FileStamp {
    /// Returns whether the file may be written again after `now` without a change of its times.
    ///
    /// Clocks of file systems tick in steps; a write in the same step as the one before leaves the same times. So a
    /// file is only trusted once its step is over: 2 s where a file system keeps whole seconds (FAT keeps every other),
    /// 50 ms otherwise (kernels tick at 100 Hz or faster). Git calls such files racily clean.
    #[must_use]
    pub fn is_racy(&self, now: i64) -> bool {
        const SECOND: i64 = 1_000_000_000;
        let keeps_whole_seconds = self.modified % SECOND == 0 && self.changed % SECOND == 0;
        let step = if keeps_whole_seconds {
            2 * SECOND
        } else {
            SECOND / 20
        };
        now < self.modified.max(self.changed).saturating_add(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(modified: i64, changed: i64) -> FileStamp {
        FileStamp {
            size: 1,
            modified,
            changed,
            inode: 1,
            device: 1,
        }
    }

    #[test]
    fn a_file_written_just_now_is_racy_until_its_clock_step_is_over() {
        let written = 5_000_000_123;
        assert!(stamp(written, written).is_racy(written));
        assert!(stamp(written, written).is_racy(written + 49_000_000));
        assert!(!stamp(written, written).is_racy(written + 51_000_000));
    }

    #[test]
    fn whole_seconds_need_a_longer_wait() {
        let written = 5_000_000_000;
        assert!(stamp(written, written).is_racy(written + 1_900_000_000));
        assert!(!stamp(written, written).is_racy(written + 2_000_000_001));
    }

    #[test]
    fn a_change_that_set_the_modification_time_back_is_still_racy() {
        assert!(stamp(1, 5_000_000_123).is_racy(5_000_000_124));
    }

    #[test]
    fn times_in_the_future_are_racy() {
        assert!(stamp(9_000_000_123, 1).is_racy(5_000_000_000));
    }
}
