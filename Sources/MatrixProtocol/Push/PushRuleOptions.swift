/// Which predefined rules there are beside those that every server has.
package struct PushRuleOptions: Sendable, Equatable {
    /// Whether users are notified of every encrypted event, but those of rooms that they have muted: their clients look what is inside (MSC4028).
    package var notifiesOfEncryptedEvents: Bool

    package init(notifiesOfEncryptedEvents: Bool = false) {
        self.notifiesOfEncryptedEvents = notifiesOfEncryptedEvents
    }
}
