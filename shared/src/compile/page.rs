//! Written page changes to compiled ones.

use super::scope::Scope;
use crate::diagnostic::{DiagnosticCode, Place};
use crate::page::{Content, Edit, EditAction, InsertAt, PageChange, Redirect};
use crate::wire::page::{EditActionWire, EditWire, PageWire, RedirectWire};

/// Statuses a redirect may have; permanent ones would be kept by browsers for ever.
const REDIRECT_STATUSES: [u16; 3] = [302, 303, 307];

impl Scope<'_, '_> {
    pub(super) fn page(&mut self, wire: PageWire, place: &Place<'_>) -> PageChange {
        let paths_place = place.key("paths");
        for (index, path) in wire.paths.iter().enumerate() {
            self.local_path(path, &paths_place.index(index));
        }
        let edits_place = place.key("edits");
        let mut edits = Vec::with_capacity(wire.edits.len());
        for (index, edit) in wire.edits.into_iter().enumerate() {
            edits.extend(self.edit(edit, &edits_place.index(index)));
        }
        if let Some(path) = &wire.rewrite {
            self.local_path(path, &place.key("rewrite"));
        }
        PageChange {
            paths: wire.paths.into_iter().map(Into::into).collect(),
            edits: edits.into(),
            redirect: wire
                .redirect
                .map(|to| self.redirect(to, &place.key("redirect"))),
            rewrite: wire.rewrite.map(Into::into),
        }
    }

    fn local_path(&mut self, path: &str, place: &Place<'_>) {
        if !path.starts_with('/') || path.starts_with("//") {
            let message = format!("\"{path}\" is no path of this site: begin with one \"/\"");
            self.fault(place, DiagnosticCode::InvalidPage, message);
        }
    }

    fn redirect(&mut self, wire: RedirectWire, place: &Place<'_>) -> Redirect {
        let to = &wire.to;
        let is_path = to.starts_with('/') && !to.starts_with("//");
        if !is_path && !to.starts_with("https://") && !to.starts_with("http://") {
            let message = format!("\"{to}\" is neither a path nor an http(s) URL");
            self.fault(&place.key("to"), DiagnosticCode::InvalidPage, message);
        }
        let status = wire.status.unwrap_or(302);
        if !REDIRECT_STATUSES.contains(&status) {
            let message = format!("a redirect's status is 302, 303 or 307, not {status}");
            self.fault(&place.key("status"), DiagnosticCode::InvalidPage, message);
        }
        Redirect {
            to: wire.to.into(),
            status,
        }
    }

    fn edit(&mut self, wire: EditWire, place: &Place<'_>) -> Option<Edit> {
        if wire.selector.trim().is_empty() {
            let message = "the selector is empty".to_owned();
            self.fault(&place.key("selector"), DiagnosticCode::InvalidPage, message);
        }
        let selector = wire.selector.as_str().into();
        match edit_action(wire) {
            Ok(action) => Some(Edit { selector, action }),
            Err((field, message)) => {
                self.fault(
                    &place.key(field),
                    DiagnosticCode::InvalidPage,
                    message.to_owned(),
                );
                None
            }
        }
    }
}

/// The action, or the field at fault and what it should be.
fn edit_action(wire: EditWire) -> Result<EditAction, (&'static str, &'static str)> {
    let value = wire.value.ok_or(("value", "the action needs a \"value\""));
    let name = wire.name.filter(|name| !name.is_empty());
    let name = name.ok_or(("name", "the action needs the attribute's \"name\""));
    let content = |value: String| {
        if wire.html {
            Content::Html(value.into())
        } else {
            Content::Text(value.into())
        }
    };
    let insert = |at| {
        value
            .clone()
            .map(content)
            .map(|content| EditAction::Insert(at, content))
    };
    match wire.action {
        EditActionWire::SetText => value.map(content).map(EditAction::SetContent),
        EditActionWire::Replace => value.map(content).map(EditAction::Replace),
        EditActionWire::InsertBefore => insert(InsertAt::Before),
        EditActionWire::Prepend => insert(InsertAt::Prepend),
        EditActionWire::Append => insert(InsertAt::Append),
        EditActionWire::InsertAfter => insert(InsertAt::After),
        EditActionWire::Remove => Ok(EditAction::Remove),
        EditActionWire::RemoveAttribute => Ok(EditAction::RemoveAttribute(name?.into())),
        EditActionWire::SetAttribute => Ok(EditAction::SetAttribute {
            name: name?.into(),
            value: value?.into(),
        }),
    }
}
