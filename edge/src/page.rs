//! What variants change about the page that is asked for: elsewhere, another path, edits.

use crate::caching::Bodies;
use bandera_platform::HtmlEdit;
use bandera_shared::page::{Content, Edit, EditAction, InsertAt, PageChange, Redirect};
use bandera_shared::{Evaluation, Ruleset};

/// Where in a ruleset variants change pages, so that a request need not look at all of them.
#[derive(Debug, Default)]
pub(crate) struct PageIndex(Vec<(usize, usize)>);

impl PageIndex {
    /// The index of a ruleset.
    #[must_use]
    pub(crate) fn of(ruleset: &Ruleset) -> Self {
        let variants = ruleset.changing_pages().flat_map(|(flag_index, flag)| {
            let variants = flag.variants.iter().enumerate();
            variants
                .filter(|(_, variant)| variant.page.is_some())
                .map(move |(variant_index, _)| (flag_index, variant_index))
        });
        Self(variants.collect())
    }

    /// What variants, anybody's, may do at this path.
    #[must_use]
    pub(crate) fn touched(&self, ruleset: &Ruleset, path: &str) -> Touched {
        let mut touched = Touched::default();
        for (_, change) in self
            .changes(ruleset)
            .filter(|(_, change)| change.concerns(path))
        {
            touched.edits |= !change.edits.is_empty();
            touched.rewrites |= change.rewrite.is_some();
        }
        touched
    }

    /// Whether the flag, where it changes pages at all, changes none at this path in any variant:
    /// whoever asks for it is then not exposed to the flag.
    #[must_use]
    pub(crate) fn is_elsewhere(&self, ruleset: &Ruleset, flag_key: &str, path: &str) -> bool {
        let mut changes = self
            .changes(ruleset)
            .filter(|(key, _)| *key == flag_key)
            .peekable();
        changes.peek().is_some() && changes.all(|(_, change)| !change.concerns(path))
    }

    fn changes<'r>(&self, ruleset: &'r Ruleset) -> impl Iterator<Item = (&'r str, &'r PageChange)> {
        self.0.iter().filter_map(|(flag, variant)| {
            let flag = ruleset.flag_at(*flag)?;
            Some((&*flag.key, flag.variants.get(*variant)?.page.as_deref()?))
        })
    }
}

/// What variants, anybody's, may do at a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    /// A page's HTML may be edited.
    pub(crate) edits: bool,
    /// Another path may be asked for.
    pub(crate) rewrites: bool,
}

impl Touched {
    /// Whether the body of a page at this path may differ from the origin's.
    #[must_use]
    pub(crate) fn bodies(self, with_state: bool) -> Bodies {
        if self.edits || self.rewrites || with_state {
            Bodies::MayDiffer
        } else {
            Bodies::Same
        }
    }
}

/// What is done for one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PagePlan<'r> {
    /// Where the browser is sent instead; the first flag's by key.
    pub(crate) redirect: Option<&'r Redirect>,
    /// The path that the origin is asked for instead; the first flag's by key.
    pub(crate) rewrite: Option<&'r str>,
    /// Edits, flags by key, each flag's in order.
    pub(crate) edits: Vec<&'r Edit>,
}

impl<'r> PagePlan<'r> {
    /// The plan of these answers at this path.
    #[must_use]
    pub(crate) fn of(evaluations: &[Evaluation<'r>], path: &str) -> Self {
        let mut plan = Self::default();
        let served = evaluations
            .iter()
            .filter_map(|evaluation| evaluation.variant()?.page.as_deref());
        for change in served.filter(|change| change.concerns(path)) {
            plan.redirect = plan.redirect.or(change.redirect.as_ref());
            plan.rewrite = plan.rewrite.or(change.rewrite.as_deref());
            plan.edits.extend(&change.edits);
        }
        plan
    }
}

/// The location of a redirect; `None` where it leads to where the browser already is.
///
/// The query travels along unless the target has one of its own.
#[must_use]
pub(crate) fn location(
    redirect: &Redirect,
    origin: &str,
    path: &str,
    query: &str,
) -> Option<String> {
    let target = match &*redirect.to {
        to if to.contains('?') || to.contains('#') => to.to_owned(),
        to => format!("{to}{query}"),
    };
    let here = format!("{path}{query}");
    (target != here && target != format!("{origin}{here}")).then_some(target)
}

/// The edit as the runtime's rewriter is told it.
#[must_use]
pub(crate) fn html_edit(edit: &Edit) -> HtmlEdit<'_> {
    let (action, name, content) = match &edit.action {
        EditAction::SetContent(content) => ("setContent", "", Some(content)),
        EditAction::SetAttribute { name, value } => {
            return HtmlEdit {
                selector: &edit.selector,
                action: "setAttribute",
                name,
                value,
                html: false,
            };
        }
        EditAction::RemoveAttribute(name) => ("removeAttribute", &**name, None),
        EditAction::Insert(place, content) => (insertion(*place), "", Some(content)),
        EditAction::Replace(content) => ("replace", "", Some(content)),
        EditAction::Remove => ("remove", "", None),
    };
    let (value, html) = match content {
        Some(Content::Text(text)) => (&**text, false),
        Some(Content::Html(markup)) => (&**markup, true),
        None => ("", false),
    };
    HtmlEdit {
        selector: &edit.selector,
        action,
        name,
        value,
        html,
    }
}

fn insertion(place: InsertAt) -> &'static str {
    match place {
        InsertAt::Before => "before",
        InsertAt::Prepend => "prepend",
        InsertAt::Append => "append",
        InsertAt::After => "after",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(to: &str) -> Redirect {
        Redirect {
            to: to.into(),
            status: 302,
        }
    }

    #[test]
    fn redirects_keep_the_query_and_never_loop() {
        let check = |to: &str, expected: Option<&str>| {
            let location = location(&redirect(to), "https://a.example", "/old", "?x=1");
            assert_eq!(location.as_deref(), expected, "{to}");
        };
        check("/new", Some("/new?x=1"));
        check("/new?y=2", Some("/new?y=2"));
        check("https://b.example/new", Some("https://b.example/new?x=1"));
        check("/old", None);
        check("https://a.example/old", None);
    }

    #[test]
    fn edits_are_told_by_name() {
        let edit = |action| Edit {
            selector: "h1".into(),
            action,
        };
        let check = |action, expected: (&str, &str, &str, bool)| {
            let edit = edit(action);
            let told = html_edit(&edit);
            assert_eq!((told.action, told.name, told.value, told.html), expected);
        };
        check(
            EditAction::SetContent(Content::Text("a<b".into())),
            ("setContent", "", "a<b", false),
        );
        check(
            EditAction::SetAttribute {
                name: "n".into(),
                value: "v".into(),
            },
            ("setAttribute", "n", "v", false),
        );
        check(
            EditAction::RemoveAttribute("n".into()),
            ("removeAttribute", "n", "", false),
        );
        let markup = || Content::Html("<b>".into());
        check(
            EditAction::Insert(InsertAt::Before, markup()),
            ("before", "", "<b>", true),
        );
        check(
            EditAction::Insert(InsertAt::Prepend, markup()),
            ("prepend", "", "<b>", true),
        );
        check(
            EditAction::Insert(InsertAt::Append, markup()),
            ("append", "", "<b>", true),
        );
        check(
            EditAction::Insert(InsertAt::After, markup()),
            ("after", "", "<b>", true),
        );
        check(EditAction::Replace(markup()), ("replace", "", "<b>", true));
        check(EditAction::Remove, ("remove", "", "", false));
    }
}
