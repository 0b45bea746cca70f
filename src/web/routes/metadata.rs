use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::saml::Shared;

/// Our metadata. `?download` offers it as a file, for sending to a help desk that cannot reach
/// this host.
pub(super) async fn show(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("application/samlmetadata+xml; charset=utf-8");
    response.insert_header(("X-Content-Type-Options", "nosniff"));
    if request.query_string() == "download" {
        response.insert_header((CONTENT_DISPOSITION, "attachment; filename=\"sp-metadata.xml\""));
    }
    response.body(shared.metadata().to_string())
}
