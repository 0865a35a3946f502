//! Many processes that write one version: over one store, and over one server. Each test runs on both.

mod faults;
mod library;
mod site;
mod writers;

/// Makes two tests of each function that takes a [`Site`](site::Site).
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod embedded {
            $(#[test] fn $test() { super::$test(&crate::sharing::site::Site::embedded()); })+
        }
        mod served {
            $(#[test] fn $test() { super::$test(&crate::sharing::site::Site::served()); })+
        }
    };
}
use on_both;
