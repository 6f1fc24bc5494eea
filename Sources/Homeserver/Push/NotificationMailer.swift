import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Sends a message about a user's unread notifications, when it is time for it.
///
/// The first message comes when something has been unread for a while. Each further one comes after a longer pause, and tells only of what came
/// since the last one. When it has been quiet for long the pauses begin anew.
struct NotificationMailer: Sendable {
    let rooms: RoomsDatabase
    let accounts: AccountsDatabase
    let evaluators: PushEvaluators
    let settings: EmailSettings
    let unsubscribeLinks: UnsubscribeLinks
    let clock: any Clock

    /// The pause after the first message, in milliseconds.
    private static let firstPause: Int64 = 10 * 60 * 1000
    /// By how much each pause is longer than the one before.
    private static let pauseFactor: Int64 = 4
    private static let pauseMax: Int64 = 24 * 60 * 60 * 1000
    /// What comes so long after a message is answered as if there had been none, in milliseconds.
    private static let quietMilliseconds: Int64 = 12 * 60 * 60 * 1000
    /// Of each room so many events are looked at, at most.
    private static let eventsPerRoomMax = 200

    /// Tells a user of what is unread, if it is time for it.
    ///
    /// - Returns: when to look again, in milliseconds since 1970; nil when there is nothing to be told.
    /// - Throws: what goes wrong; then nothing was told.
    func tell(_ recipient: NotificationMails.Recipient) async throws -> Int64? {
        let accountsView = accounts.view()
        guard let pusher = try accountsView.pusher(of: recipient.user, app: recipient.app, pushKey: recipient.pushKey),
            pusher.number == recipient.number, pusher.kind == .email, pusher.isEnabled, let progress = pusher.mailProgress
        else { return nil }
        let now = clock.now()
        let snapshot = rooms.snapshot()
        let unread = try unread(of: recipient.user, after: progress.toldUpTo, snapshot, accountsView)
        guard let oldest = unread.compactMap(\.oldest).min() else { return nil }
        // An event from the future has waited for long enough when somebody looks.
        let since = oldest > now ? now - settings.notificationDelay : oldest
        let pause = progress.sentAt.map { since - $0 > Self.quietMilliseconds } ?? true ? 0 : progress.pause
        let due = max(since + settings.notificationDelay, (progress.sentAt ?? 0) + pause)
        if due > now { return due }
        do {
            let message = NotificationMail(unread, on: rooms.serverName).message(
                to: pusher.pushKey, unsubscribeLink: unsubscribeLinks.link(for: recipient))
            try await settings.mail.send(message)
        } catch OutgoingMailError.refused {
            // It would be refused again, so it counts as sent.
        }
        try await accounts.setMailProgress(
            MailProgress(
                toldUpTo: snapshot.position, sentAt: now, pause: min(max(pause * Self.pauseFactor, Self.firstPause), Self.pauseMax)),
            of: pusher, of: recipient.user)
        return nil
    }

    /// What of a user's rooms is unread, notifies the user and came after a position, by room.
    private func unread(
        of user: UserID, after position: Position, _ snapshot: PublishedSnapshot, _ accountsView: AccountsView
    ) throws -> [NotificationMail.Room] {
        let view = RoomsView(snapshot)
        let rules = try evaluators.evaluator(of: user, in: accountsView)
        let ignored = try accountsView.ignoredUsers(of: user)
        func notifications(_ room: ShortRoomID) throws -> RoomNotifications {
            try RoomNotifications(of: room, view.roomID(of: room), for: user, by: rules, ignoring: ignored, in: view)
        }
        let joined = try view.joinedRooms(of: user)
        var unread: [NotificationMail.Room] = []
        for ((room, since), newest) in zip(joined, try snapshot.positions(of: joined.map(\.room.scope))) {
            guard let newest, newest > position else { continue }
            let notifications = try notifications(room)
            var told = NotificationMail.Room()
            _ = try notifications.forEachUnread(
                from: PDUID.order(of: max(position, since)) + 1, through: PDUID.order(of: snapshot.position),
                countMax: Self.eventsPerRoomMax
            ) { event, _, _ in
                try told.add(event, in: notifications)
            }
            if told.count > 0 {
                told.name = try notifications.facts.shownName()
                unread.append(told)
            }
        }
        let hidden = try HiddenInvites(of: user, in: accountsView)
        for (room, invite) in try view.invitedRooms(of: user) where invite.position > position {
            guard try !hidden.contains(invite), let event = try view.currentEvent(.member(user), in: room) else { continue }
            let notifications = try notifications(room)
            guard try notifications.actions(for: event) != nil else { continue }
            var told = NotificationMail.Room()
            try told.add(event, in: notifications)
            told.name = try notifications.facts.shownName()
            unread.append(told)
        }
        return unread
    }
}

extension PushRoomFacts {
    /// What the room is called, for people.
    fileprivate func shownName() throws -> String? {
        try string("name", of: .name) ?? string("alias", of: .canonicalAlias)
    }
}
