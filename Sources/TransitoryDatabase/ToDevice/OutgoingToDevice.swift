/// A message on its way into a device's inbox.
package struct OutgoingToDevice: Sendable {
    package let inbox: DeviceInbox
    /// The event as JSON: `type`, `sender` and `content`.
    package let json: [UInt8]

    package init(inbox: DeviceInbox, json: [UInt8]) {
        self.inbox = inbox
        self.json = json
    }
}
