package import CanonicalJSON

/// What a rule's actions amount to ("Actions").
package struct PushActions: Sendable, Equatable {
    /// Whether the user is told of the event.
    package let notifies: Bool
    /// How, for whoever shows it.
    package let tweaks: JSONObject

    /// Reads actions. What isn't known counts as nothing, `dont_notify` and `coalesce` of former times included.
    package init(_ actions: [JSONValue]) {
        notifies = actions.contains("notify")
        tweaks = actions.reduce(into: [:]) { tweaks, action in
            guard let action = action.objectValue, let name = action["set_tweak"]?.stringValue else { return }
            // A highlight needs no value; what another tweak without one should be nobody says.
            tweaks[name] = action["value"] ?? (name == Self.highlight ? true : nil)
        }
    }

    private static let highlight = "highlight"

    /// Whether the message is to stand out.
    package var highlights: Bool { tweaks[Self.highlight] == true }

    /// Whether it may be an action: one that is known, or was.
    package static func isAction(_ action: JSONValue) -> Bool {
        switch action {
        case .string(let name): ["notify", "dont_notify", "coalesce"].contains(name)
        case .object(let action): action["set_tweak"]?.stringValue != nil
        default: false
        }
    }
}
