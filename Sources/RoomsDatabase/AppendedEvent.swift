import MatrixProtocol

/// An event that has found its place.
package struct AppendedEvent: Sendable {
    package let event: Event
    package let pduID: PDUID
    package let shortID: ShortEventID
}
