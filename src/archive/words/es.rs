//! The words of the site in Spanish.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "es",
    reader: "lector",
    your_address: "su dirección",
    skip: "Ir al texto",
    all_issues: "Todos los números",
    previous: "Número anterior",
    next: "Número siguiente",
    search: "Buscar",
    search_label: "Buscar en todos los números",
    found: "Artículos encontrados: {count}",
    newest: "Artículos más recientes",
    feed: "Canal",
    no_issue: "Todavía no ha aparecido ningún número.",
    subscribe: "Suscribirse a {name}",
    leave_title: "Cancelar la suscripción a {name}",
    leave_text: "Esta página no puede saber quién es usted. Use el enlace al final de cualquier mensaje nuestro o escriba a {contact}.",
    missing_title: "Esta página no existe",
    missing_text: "Puede que la dirección esté mal escrita o que la página haya cambiado de lugar. Puede seguir aquí:",
    corrected: "Corregido el {date}: {note}",
    removed: "Este artículo se retiró del número después del envío.",
    erratum: "Corrección: {subject}",
    erratum_title: "Una corrección",
    corrected_text: "El texto corregido:",
};
