internal import Rollbook
