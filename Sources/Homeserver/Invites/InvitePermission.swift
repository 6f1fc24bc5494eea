import CanonicalJSON
import MatrixProtocol

/// By whom a user wants to be invited: "Invite permission", and the finer rules of MSC4155.
struct InvitePermission {
    /// The type of the account data that blocks all invites.
    static let type = "m.invite_permission_config"
    /// The type of the account data with rules about users and servers (MSC4155).
    static let filterType = "org.matrix.msc4155.invite_permission_config"

    /// What becomes of an invite.
    enum Action: String, CaseIterable {
        case allow = "allowed"
        /// The inviter doesn't learn that it isn't shown.
        case ignore = "ignored"
        /// It is refused.
        case block = "blocked"
    }

    /// Whether nobody may invite the user.
    let blocksAll: Bool
    /// The rules in their order: the first one that fits decides.
    private let rules: [(action: Action, areServers: Bool, globs: [Glob])]

    /// The longest entry that counts, in code points.
    private static let entryMaxCodePoints = 255

    /// Reads the contents of the two kinds of account data. What isn't of the expected type counts as missing.
    init(_ content: JSONObject?, filter: JSONObject?) {
        blocksAll = content?["default_action"]?.stringValue == "block"
        rules = [false, true].flatMap { areServers in
            Action.allCases.map { action in
                let entries = filter?["\(action.rawValue)_\(areServers ? "servers" : "users")"]?.arrayValue ?? []
                let globs = entries.compactMap(\.stringValue).filter { $0.unicodeScalars.count <= Self.entryMaxCodePoints }
                return (action, areServers, globs.map(Glob.init))
            }
        }
    }

    /// What becomes of an invite by a user.
    func action(on inviter: UserID) -> Action {
        if blocksAll { return .block }
        let rule = rules.first { rule in
            let subject = rule.areServers ? inviter.serverName.string : inviter.string
            return rule.globs.contains { $0.matches(subject) }
        }
        return rule?.action ?? .allow
    }
}

extension MatrixError {
    /// Why somebody can't be invited who doesn't want it.
    static func inviteBlocked(by user: UserID) -> MatrixError {
        MatrixError(.inviteBlocked, "\(user) does not accept your invites")
    }
}
