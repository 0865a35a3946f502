//! The 64 steps of RFC 1321, written once and expanded by every kernel.

/// `floor(2^32 * abs(sin(i + 1)))` for step `i`.
pub(crate) const CONSTANTS: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// Expands `$step!(function, a, b, c, d, word, shift, step)` for the 64 steps in order.
///
/// `a` to `d` are the four variables in the roles they play in that step, `word` is the index of
/// the message word it adds, `shift` its rotation to the left and `step` the index of its constant.
macro_rules! md5_steps {
    ($step:ident, $a:ident, $b:ident, $c:ident, $d:ident) => {
        md5_steps!(@round $step f [$a $b $c $d] [7 12 17 22]
            0: [0 1 2 3], 4: [4 5 6 7], 8: [8 9 10 11], 12: [12 13 14 15]);
        md5_steps!(@round $step g [$a $b $c $d] [5 9 14 20]
            16: [1 6 11 0], 20: [5 10 15 4], 24: [9 14 3 8], 28: [13 2 7 12]);
        md5_steps!(@round $step h [$a $b $c $d] [4 11 16 23]
            32: [5 8 11 14], 36: [1 4 7 10], 40: [13 0 3 6], 44: [9 12 15 2]);
        md5_steps!(@round $step i [$a $b $c $d] [6 10 15 21]
            48: [0 7 14 5], 52: [12 3 10 1], 56: [8 15 6 13], 60: [4 11 2 9]);
    };
    (@round $step:ident $function:ident $variables:tt $shifts:tt $($first:literal: $words:tt),+) => {
        $(md5_steps!(@quad $step $function $variables $shifts $first $words);)+
    };
    (@quad $step:ident $function:ident [$a:ident $b:ident $c:ident $d:ident]
        [$shift0:literal $shift1:literal $shift2:literal $shift3:literal]
        $first:literal [$word0:literal $word1:literal $word2:literal $word3:literal]) => {
        $step!($function, $a, $b, $c, $d, $word0, $shift0, $first);
        $step!($function, $d, $a, $b, $c, $word1, $shift1, $first + 1);
        $step!($function, $c, $d, $a, $b, $word2, $shift2, $first + 2);
        $step!($function, $b, $c, $d, $a, $word3, $shift3, $first + 3);
    };
}
pub(crate) use md5_steps;
