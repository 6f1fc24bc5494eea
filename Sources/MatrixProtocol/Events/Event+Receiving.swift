package import CanonicalJSON

/// How it is known that an event was signed by those who have to.
package enum SignatureCheck {
    /// Somebody has seen to it before.
    case verified
    /// By their keys: what a server has under a key ID; nil if it isn't known, or wasn't valid at the event's time (milliseconds since 1970).
    case keys((_ server: ServerName, _ keyID: String, _ originServerTS: Int64) -> VerifyKey?)
}

extension Event {
    /// Takes an event that another server has sent, through the checks that concern the event alone: its format and size, its signatures, its
    /// content hash. One whose content isn't what was hashed is taken redacted.
    ///
    /// Specification: server-server API, "Checks performed on receipt of a PDU", steps 1 to 3.
    ///
    /// - Throws: `EventFormatError` and `SignatureError`: such an event is dropped.
    package static func receive(_ object: JSONObject, version: RoomVersion, signatures: SignatureCheck) throws -> Event {
        let event = try Event(object, version: version)
        if case .keys(let key) = signatures {
            let json = event.json
            for server in EventSigning.requiredSigners(event, version: version) {
                try EventSigning.verify(json, version: version, signedBy: server) { key(server, $0, event.originServerTS) }
            }
        }
        return event.hasValidContentHash(version: version) ? event : try event.redacted(version: version)
    }
}
