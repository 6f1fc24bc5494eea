/// What the log of positions holds in the transitory database; the numbers are stored.
package enum TransitoryChange: UInt8, Sendable {
    /// A message was kept in a scope's stream, one that isn't a public stream. Scope: the stream's; key: the message's number, 8 bytes.
    case streamMessage = 1
}
