package import CanonicalJSON

/// The redaction algorithm: takes away everything but what the protocol itself needs (client-server API, "Redactions").
package enum Redaction {
    /// The redacted copy of an event in the federation format.
    package static func redact(_ event: JSONObject, version: RoomVersion) -> JSONObject {
        let rules = version.redactionRules
        var redacted = JSONObject()
        for (key, value) in event where rules.fields.contains(key) {
            redacted[key] = value
        }
        redacted["content"] = .object(
            redactContent(event["content"]?.objectValue ?? [:], type: event["type"]?.stringValue ?? "", version: version))
        return redacted
    }

    /// Whether a redaction that is in the room takes effect on its target ("Handling redactions"): the sender has the *redact level*, or is
    /// of the same server as the target's sender. In room versions 1 and 2 the authorization rules have seen to it.
    package static func applies(_ redaction: Event, to target: Event, powerLevels: PowerLevels, version: RoomVersion) -> Bool {
        version.redactionsAreAuthorized || powerLevels.user(redaction.sender, has: powerLevels.redact)
            || redaction.sender.serverName == target.sender.serverName
    }

    /// What stays of the content of an event of that type.
    package static func redactContent(_ content: JSONObject, type: String, version: RoomVersion) -> JSONObject {
        switch version.redactionRules.content[type] {
        case nil: return [:]
        case .everything: return content
        case .members(let members):
            var redacted = JSONObject()
            for member in members {
                switch member {
                case .whole(let name):
                    redacted[name] = content[name]
                case .part(let name, let kept):
                    guard let object = content[name]?.objectValue else { continue }
                    var part = JSONObject()
                    for inner in kept { part[inner] = object[inner] }
                    redacted[name] = .object(part)
                }
            }
            return redacted
        }
    }
}
