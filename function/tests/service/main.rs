//! The service from outside, with a scripted stand-in for DynamoDB.

mod attempts;
mod backend;
mod bodies;
mod bootstrap;
mod conditional_faults;
mod conditions;
mod connections;
mod dns;
mod fuzz;
mod requests;
mod runtime;
