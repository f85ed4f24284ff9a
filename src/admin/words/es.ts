/** Spanish of the admin page: a line for each text of `en.ts`, in its order. */

/** The texts. */
export const es: string = `
Administración
Resumen
Usuarios
Aplicaciones
Accesos
Claves
Auditoría
Estado
Buscar
Correo, nombre o ID
Ir al contenido
No se ha encontrado nada.
Más
Todos
Usuario
Aplicación
ID
Estado
Acciones
Creación
Último uso
Caduca
Scopes
Organización
Permisos
Guardar
Aplicar
Activo
Desactivado
Eliminado
En espera
Aprobada
Bloqueada
Nueva
Verificado
De otros sitios
Desactivar
Todas las sesiones, accesos y claves de este usuario terminan ahora. No podrá iniciar sesión hasta que lo reactives.
Reactivar
Eliminar definitivamente
Se eliminan la cuenta y todo su contenido. No se puede deshacer.
Todas las sesiones y accesos de este usuario terminan ahora.
El usuario iniciará sesión sin segundo factor hasta que configure uno nuevo. Asegúrate de que es realmente quien lo pide.
El usuario ya no podrá iniciar sesión de esta forma.
Volver a pedir consentimiento
Las aplicaciones deberán preguntar de nuevo a este usuario antes de obtener acceso.
Aprobar
Bloquear
Todos los accesos de esta aplicación terminan ahora y nadie puede conectarla.
Deshacer esta decisión
Eliminar
Se eliminan la aplicación y todos sus accesos y tokens. No se puede deshacer.
La aplicación pierde el acceso de inmediato.
Revocar todos los resultados
Todas las aplicaciones de esta lista pierden el acceso de inmediato, también en las páginas siguientes.
Aplicaciones sin aprobar
Se pueden conectar
Esperan aprobación
Se rechazan
Según la configuración
Aplicaciones que esperan aprobación
Ninguna aplicación espera aprobación.
Solicitada por
Hosts
URI de redirección
Sin usar desde hace
Servidor
Clave de servicio
Personal
Nuevo usuario
Nueva aplicación
Nueva clave de servicio
Examinar un token
El secreto solo se muestra esta vez.
Fecha
Acción
Por
Objeto
Resultado
Desde
Hasta
Exportar
Comprobar el registro
El registro está completo y sin cambios.
El registro se ha modificado o se ha eliminado algo de él:
El servidor funciona.
El almacén no funciona:
Eliminar registros caducados
Hecho.
Hecho: $1.
Hay más: repítelo con la lista de abajo.
No se ha hecho nada, porque cambió entretanto. Antes: $1. Ahora: $2.
No se ha hecho nada, porque otro usuario ha iniciado sesión en este navegador.
Este formulario se envió dos veces. Se ejecutó una vez.
Has iniciado sesión de nuevo. Aún no ha cambiado nada: repite el último paso.
No puedes hacer esto con tu propia cuenta. Otro administrador puede.
Ya no existe. No se ha cambiado nada.
Esta página es para administradores.
Actividad
Como tabla
Día
Accesos activos|Inicios de sesión|Inicios fallidos|Accesos nuevos|Accesos terminados|Renovaciones|Llamadas|Denegaciones|Reutilizaciones|Rechazos|Errores
`;
