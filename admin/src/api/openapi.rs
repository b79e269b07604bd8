//! What the OpenAPI document says beside the operations.

use crate::diagnostics::DiagnosticView;
use serde::Serialize;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
    Schema,
};
use utoipa::{PartialSchema, ToSchema};

/// Every refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
struct ProblemView {
    /// `urn:bandera:problem:` and the code.
    r#type: String,
    /// The HTTP status.
    status: u16,
    /// Stable, for programs; such as `precondition_failed`.
    code: String,
    /// The kind of problem in words.
    title: String,
    /// What happened this time.
    #[schema(required = false)]
    detail: String,
    /// JSON pointer (RFC 6901) to the fault in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// All that compiling had to say, where a document or ruleset was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostics: Option<Vec<DiagnosticView>>,
}

/// Title, version and licence.
pub(super) fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Bandera admin API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Drafts, validation, publishing, audit. Each operation names the least role that may \
             call it; each refusal is a problem document.",
        ))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// Adds what every operation has: the security scheme, and the problem document as its default
/// answer.
pub(super) fn complete(document: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "An API token. Roles: viewer < editor < publisher < admin.",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(crate::auth::SCHEME, SecurityScheme::Http(scheme));
    let mut schemas = vec![(ProblemView::name().into_owned(), ProblemView::schema())];
    ProblemView::schemas(&mut schemas);
    components.schemas.extend(schemas);
    for (name, schema) in &mut components.schemas {
        if let Some(item) = name.strip_prefix("Page_") {
            refer(schema, item);
        }
    }
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            responses.insert("default".to_owned(), RefOr::T(problem()));
        }
    }
}

/// Makes the items of a page a reference to their schema, where they were written out in full.
fn refer(page: &mut RefOr<Schema>, item: &str) {
    let RefOr::T(Schema::Object(page)) = page else {
        return;
    };
    if let Some(RefOr::T(Schema::Array(list))) = page.properties.get_mut("items") {
        let item = Ref::from_schema_name(item);
        list.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(item)));
    }
}

fn problem() -> Response {
    let schema = Ref::from_schema_name(ProblemView::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description("A problem document")
        .content("application/problem+json", content)
        .build()
}
