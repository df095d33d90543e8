"use strict";
// Woken up by a push, which says nothing. What is shown is the same for everybody and everything.
const NOTICE = { title: "A message for you", tag: "message", page: "/home/" };

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) =>
  event.waitUntil(self.registration.showNotification(NOTICE.title, { tag: NOTICE.tag })));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(NOTICE.page));
});
