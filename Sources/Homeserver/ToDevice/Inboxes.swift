import AccountsDatabase
import Store
import TransitoryDatabase

extension AccountsDatabase {
    /// Where messages wait for the requester's device; nil without a device.
    func inbox(of requester: Requester) throws -> DeviceInbox? {
        guard let device = requester.deviceID, let metadata = try view().metadata(of: device, of: requester.userID) else { return nil }
        return DeviceInbox(user: requester.userID, device: device, createdAt: metadata.createdAt)
    }
}

extension TransitoryDatabase {
    /// Lets go of the messages that the client has: it comes with the token of the answer that brought them.
    func acknowledge(upTo position: Position, in inbox: DeviceInbox?) async {
        let snapshot = snapshot()
        // A token that is ahead of everything says nothing about what the client has.
        guard let inbox, position <= snapshot.position else { return }
        // What can't be let go now is with the next request; it isn't told again, whatever happens.
        guard let last = try? inbox.messages(after: position, limit: 1, in: snapshot).lastBefore else { return }
        try? await acknowledge(last, in: inbox)
    }
}
