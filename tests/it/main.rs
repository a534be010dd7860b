//! All integration tests, in one binary: each further one would link every library again.

mod read;
