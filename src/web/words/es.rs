//! The words of the pages in Spanish.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "es",
    leave_title: "Cancelar la suscripción a {name}",
    leave_question: "{address} no recibirá más números de {name}.",
    leave_button: "Cancelar la suscripción",
    left_title: "Su suscripción está cancelada",
    left_text: "{address} no recibirá más números de {name}. Un mensaje que ya está en camino puede llegar todavía.",
    undo_button: "Deshacer: seguir recibiendo",
    undone_title: "Vuelve a estar en la lista",
    undone_text: "{address} recibirá el próximo número de {name}.",
    kept_title: "Esto no se puede deshacer aquí",
    kept_text: "Otra cosa impide enviar a {address}. Escriba a {contact}.",
    why_question: "¿Quiere decirnos por qué? No es necesario.",
    why_choices: ["Demasiados mensajes", "No es lo que esperaba", "Nunca lo pedí", "Otra razón"],
    why_button: "Enviar",
    thanks_title: "Gracias",
    thanks_text: "Su respuesta se guarda; nadie recibe un mensaje.",
    broken_title: "Este enlace no funciona",
    broken_text: "No está completo, o no es de un mensaje nuestro. Use el enlace entero del mensaje, o responda al mensaje con el asunto «unsubscribe».",
    late_title: "Es tarde para deshacerlo aquí",
    late_text: "Si quiere volver a recibir {name}, escriba a {contact}.",
    busy_title: "Inténtelo de nuevo en un minuto",
    busy_text: "Todavía no se ha podido anotar. Si vuelve a ocurrir, responda al mensaje con el asunto «unsubscribe».",
    missing_title: "No existe esta página",
    missing_text: "Puede que la dirección esté mal escrita.",
};
