//! The origin admin Worker: the source of truth, publishing, audit, and the dashboard.
//!
//! Reading order: [`api`] declares the operations; [`auth`] guards them; [`drafting`] changes
//! documents; [`ruleset`] and [`publishing`] turn documents into what edges read, with the very
//! code of `bandera-shared`; [`delivery`] brings it to them; [`store`] is the database.
//!
//! Invariants: no operation without a role; every write is one transaction together with its audit
//! entry; versions and publication numbers only rise; published bytes never change.

mod api;
mod app;
mod auth;
mod delivery;
mod diagnostics;
mod diff;
mod drafting;
mod entry;
mod extract;
mod fault;
mod kinds;
mod limits;
mod paging;
mod precondition;
mod publishing;
mod ruleset;
mod store;
