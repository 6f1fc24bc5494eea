import MatrixProtocol

/// An event that waits.
struct WaitingEvent: Sendable {
    let event: Event
    /// For history, the event that it comes before.
    let anchor: EventID?
}
