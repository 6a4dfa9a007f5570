"""Authorization as an escalation: none, a bearer token (anonymous or of a login), basic.

Docker token authentication specification, How to authenticate, and Docker token scope documentation
for the scopes; RFC 7617 for basic.

Nothing is sent until the registry asks. A login that is known is used at once, since quotas and
private repositories hang on it; where the token service refuses it and only reading is wanted, an
anonymous token is tried before giving up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from trimaran.errors import UnauthorizedError
from trimaran.registry.challenges import Basic, Bearer
from trimaran.registry.credentials import Credentials, FindCredentials
from trimaran.registry.tokens import Fetch, Token, basic_header, fetch_token

Offer = Bearer | Basic
Scopes = frozenset[str]


class RegistryAuth:
    """What one registry asked for, its tokens by scope, and the login for it; thread-safe.

    Args:
        registry: host and port, for messages and for finding the login.
        find_credentials: asked once, when the registry first refuses.
        fetch: reaches the token service.
    """

    def __init__(self, registry: str, find_credentials: FindCredentials, fetch: Fetch) -> None:
        self._registry = registry
        self._find = find_credentials
        self._fetch = fetch
        self._lock = threading.Lock()
        self._offer: Offer | None = None
        self._tokens: dict[Scopes, Token] = {}
        self._credentials: Credentials | None = None
        self._searched = False
        self._offline = False
        self._identity_token = ""

    def want_identity_token(self) -> None:
        """Ask for an identity token together with the next token."""
        self._offline = True

    @property
    def identity_token(self) -> str:
        """What the token service gave last to stand in for the password; empty if nothing."""
        return self._identity_token

    def header(self, scopes: Scopes) -> str:
        """The Authorization to send with a request of these scopes; empty before any challenge.

        Docker token authentication specification, Using the Bearer token.

        Raises:
            UnauthorizedError: the token service refuses.
        """
        with self._lock:
            match self._offer:
                case Bearer() as bearer if scopes:
                    return self._bearer_header(bearer, scopes, refused="")
                case Basic():
                    return self._basic_header()
                case _:
                    return ""

    def escalate(self, offers: Iterable[Offer], scopes: Scopes, refused: str) -> str:
        """The Authorization to try next, after `refused` (empty if none was sent) got a 401.

        RFC 9110, section 15.5.2; a token that ended in mid-transfer: RFC 6750, section 3.1.

        Raises:
            UnauthorizedError: nothing is left to try.
        """
        with self._lock:
            failure: UnauthorizedError | None = None
            for offer in offers:
                try:
                    header = self._header_for(offer, scopes, refused)
                except UnauthorizedError as error:
                    failure = failure or error
                    continue
                # Its scopes belong to this one request.
                self._offer = (
                    Bearer(offer.realm, offer.service) if isinstance(offer, Bearer) else offer
                )
                return header
            raise failure or self.refusal("no way to log in is known that it asks for")

    def refusal(self, cause: str, status: int = 401) -> UnauthorizedError:
        """The error that says which login was used, and how to get one that works."""
        if self._credentials:
            login = f"with the login of {self._credentials.username or 'a token'} from "
            login += self._credentials.source
        else:
            login = "without a login"
        return UnauthorizedError(
            f"{self._registry} refused the request {login}: {cause}",
            f"trimaran login {self._registry} (a `docker login` is found as well); "
            "the repository's name may also be wrong",
            status=status,
        )

    def _header_for(self, offer: Offer, scopes: Scopes, refused: str) -> str:
        match offer:
            case Bearer():
                return self._bearer_header(offer, scopes, refused)
            case Basic():
                header = self._basic_header()
                if header == refused:
                    raise self.refusal("name or password is wrong")
                return header

    def _bearer_header(self, bearer: Bearer, scopes: Scopes, refused: str) -> str:
        token = self._tokens.get(scopes)
        if token and token.fresh and f"Bearer {token.value}" != refused:
            return f"Bearer {token.value}"
        token = self._new_token(bearer, scopes | bearer.scopes)
        self._tokens[scopes] = token
        return f"Bearer {token.value}"

    def _new_token(self, bearer: Bearer, scopes: Scopes) -> Token:
        login = self._login()
        try:
            token = fetch_token(self._fetch, bearer, scopes, login, offline=self._offline)
        except UnauthorizedError as error:
            refusal = self.refusal(error.message)
        else:
            self._take_identity(token, login)
            return token
        if login and _reads_only(scopes):
            try:
                return fetch_token(self._fetch, bearer, scopes, None)
            except UnauthorizedError:
                raise refusal from None
        raise refusal

    def _take_identity(self, token: Token, login: Credentials | None) -> None:
        """A new identity token ends the one that was used for it (RFC 6749, section 6)."""
        if not (login and token.identity_token):
            return
        if login.identity_token:
            self._credentials = replace(login, identity_token=token.identity_token)
        self._identity_token = token.identity_token

    def _basic_header(self) -> str:
        login = self._login()
        if not login or not login.password:
            raise self.refusal("it wants a name and a password")
        return basic_header(login)

    def _login(self) -> Credentials | None:
        if not self._searched:
            self._credentials = self._find(self._registry)
            self._searched = True
        return self._credentials


def _reads_only(scopes: Scopes) -> bool:
    # Without a scope it is the login itself that is asked about.
    return bool(scopes) and all(scope.rpartition(":")[2] == "pull" for scope in scopes)
